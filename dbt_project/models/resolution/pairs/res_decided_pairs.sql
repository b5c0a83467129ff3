-- What is done about each pair: bands by probability, guards where evidence of its kind never suffices, and people's
-- decisions, which always win.
with scored_pairs as (

    select * from {{ ref('res_scored_pairs') }}

),

resemblance_limits as (

    select * from {{ ref('res_resemblance_limits') }}

),

compared_pairs as (

    select * from {{ ref('res_compared_pairs') }}

),

pair_evidence as (

    select * from {{ ref('res_pair_evidence') }}

),

candidate_pairs as (

    select * from {{ ref('res_candidate_pairs') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

account_names as (

    select * from {{ ref('res_account_names') }}

),

match_decisions as (

    select * from {{ ref('stg_match_decisions') }}

),

effective_decisions as (

    select
        left_record_key,
        right_record_key,
        decision,
        relation,
        decided_by,
        decided_on,
        reason as decision_reason,
        pair_fingerprint as decided_fingerprint
    from match_decisions
    where
        decided_on <= {{ as_of_date() }}
        and (expires_on is null or expires_on >= {{ as_of_date() }})

),

-- The latest decision counts; of one day's, the most cautious. The one before it is recorded beside it.
ranked_decisions as (

    select
        *,
        row_number() over latest_first as decision_rank,
        lead(decision) over latest_first as other_decision,
        lead(relation) over latest_first as other_relation,
        lead(decided_by) over latest_first as other_decided_by,
        lead(decided_on) over latest_first as other_decided_on
    from effective_decisions
    window
        latest_first as (
            partition by left_record_key, right_record_key
            order by
                decided_on desc,
                case decision when 'reject' then 1 when 'hold' then 2 else 3 end,
                decided_by asc,
                decision_reason asc,
                relation asc
        )

),

-- A person may change their mind from one day to the next; two people who differ, or two answers of one day, are a
-- dispute, until the latest two answers agree.
latest_decisions as (

    select
        *,
        coalesce(
            (decision <> other_decision or relation <> other_relation)
            and (decided_by <> other_decided_by or decided_on = other_decided_on), false
        ) as is_disputed
    from ranked_decisions
    where decision_rank = 1

),

reasoned as (

    select
        scored_pairs.* replace (
            case when latest_decisions.decision is null then scored_pairs.match_reason else 'human decision' end
                as match_reason
        ),
        latest_decisions.decision,
        latest_decisions.decided_by,
        latest_decisions.decided_on,
        latest_decisions.decision_reason,
        latest_decisions.relation,
        latest_decisions.decided_fingerprint,
        latest_decisions.other_decision,
        latest_decisions.other_relation,
        latest_decisions.other_decided_by,
        latest_decisions.other_decided_on,
        coalesce(latest_decisions.is_disputed, false) as is_disputed,
        case
            when
                scored_pairs.is_resemblance
                and scored_pairs.match_millibits <= resemblance_limits.doubtful_millibits
                and scored_pairs.match_probability >= {{ var('auto_probability') }}
                then 'mere resemblance'
        end as list_guard
    from scored_pairs
    left join resemblance_limits
        on
            scored_pairs.left_party_id = resemblance_limits.left_party_id
            and scored_pairs.right_party_id = resemblance_limits.right_party_id
    left join latest_decisions
        on
            scored_pairs.left_record_key = latest_decisions.left_record_key
            and scored_pairs.right_record_key = latest_decisions.right_record_key
    where scored_pairs.is_kept or latest_decisions.decision is not null

),

proposed as (

    select
        *,
        case
            when decision = 'approve' then 'auto'
            when decision = 'reject' then 'rejected'
            when decision = 'hold' then 'review'
            when own_guard in ('conflicting registration ids', 'conflicting numerals') then 'rejected'
            when own_guard is not null and match_probability >= {{ var('auto_probability') }} then 'review'
            when own_guard is not null then 'rejected'
            when list_guard is not null then 'review'
            when match_probability >= {{ var('auto_probability') }} then 'auto'
            when has_own_identifier and match_probability >= {{ var('auto_probability_with_identifier') }} then 'auto'
            when match_probability >= {{ var('review_probability') }} then 'review'
            else 'rejected'
        end as proposed_band
    from reasoned

),

-- Records that already have their match in the other party's list.
matched_ends as (

    select
        left_record_key as record_key,
        right_party_id as other_party_id
    from proposed
    where proposed_band = 'auto'
    union
    select
        right_record_key as record_key,
        left_party_id as other_party_id
    from proposed
    where proposed_band = 'auto'

),

-- Such a record need not wait for a person's word on a pair that is less likely.
settled as (

    select
        proposed.*,
        proposed.decision is null
        and proposed.proposed_band = 'review'
        and (left_ends.record_key is not null or right_ends.record_key is not null) as is_already_matched
    from proposed
    left join matched_ends as left_ends
        on
            proposed.left_record_key = left_ends.record_key
            and proposed.right_party_id = left_ends.other_party_id
    left join matched_ends as right_ends
        on
            proposed.right_record_key = right_ends.record_key
            and proposed.left_party_id = right_ends.other_party_id

),

banded as (

    select
        *,
        coalesce(own_guard, case when is_already_matched then 'already matched' else list_guard end) as guard,
        case when is_already_matched then 'rejected' else proposed_band end as band
    from settled

),

-- What the two records say is recorded only of pairs that are kept: few.
final as (

    select
        banded.left_record_key,
        banded.right_record_key,
        banded.left_party_id,
        banded.right_party_id,
        banded.left_record_number,
        banded.right_record_number,
        -- what was decided
        banded.band,
        banded.match_reason,
        banded.match_probability,
        banded.match_millibits,
        banded.own_guard,
        banded.guard,
        banded.decision,
        banded.decided_by,
        banded.decided_on,
        banded.decision_reason,
        banded.relation,
        banded.decided_fingerprint,
        banded.other_decision,
        banded.other_relation,
        banded.other_decided_by,
        banded.other_decided_on,
        banded.is_disputed,
        -- what it rests on
        banded.evidence_class,
        banded.has_group_name,
        banded.list_prior_millibits,
        pair_evidence.prior_millibits,
        pair_evidence.rules_version,
        {% for comparison in comparisons() -%}
        compared_pairs.{{ comparison }}_level,
        pair_evidence.{{ comparison }}_millibits,
        {% endfor -%}
        pair_evidence.smaller_lead_level,
        pair_evidence.smaller_lead_evidence_millibits,
        pair_evidence.larger_lead_level,
        pair_evidence.larger_lead_evidence_millibits,
        pair_evidence.own_millibits,
        pair_evidence.fitted_millibits,
        pair_evidence.runner_up_millibits,
        runners_up.record_key as runner_up_record_key,
        compared_pairs.shared_millibits,
        compared_pairs.unequal_millibits,
        compared_pairs.namesake_count,
        compared_pairs.has_common_name,
        compared_pairs.has_mixed_scripts,
        -- what the two records say
        {% for side in ['left', 'right'] -%}
        compared_pairs.{{ side }}_name_number,
        compared_pairs.{{ side }}_rest_class,
        compared_pairs.{{ side }}_rest_words,
        {{ side }}_names.core_name as {{ side }}_core_name,
        {% for column in ['name', 'legal_form', 'domain', 'country_code', 'city', 'phone'] -%}
        {{ side }}_records.{{ column }} as {{ side }}_{{ column }},
        {% endfor -%}
        {% endfor -%}
        {{ rules_of_bits('candidate_pairs.rule_bits') }} as rules
    from banded
    left join candidate_pairs
        on
            banded.left_record_number = candidate_pairs.left_record_number
            and banded.right_record_number = candidate_pairs.right_record_number
    left join compared_pairs
        on
            banded.left_record_number = compared_pairs.left_record_number
            and banded.right_record_number = compared_pairs.right_record_number
    left join pair_evidence
        on
            banded.left_record_number = pair_evidence.left_record_number
            and banded.right_record_number = pair_evidence.right_record_number
    left join records as runners_up
        on pair_evidence.runner_up_record_number = runners_up.record_number
    left join records as left_records
        on banded.left_record_number = left_records.record_number
    left join records as right_records
        on banded.right_record_number = right_records.record_number
    left join account_names as left_names
        on
            banded.left_record_number = left_names.record_number
            and compared_pairs.left_name_number = left_names.name_number
    left join account_names as right_names
        on
            banded.right_record_number = right_names.record_number
            and compared_pairs.right_name_number = right_names.name_number

)

select * from final
