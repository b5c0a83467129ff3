-- What is done about each pair: bands by probability, guards where evidence of its kind never suffices, and people's
-- decisions, which always win.
with scored_pairs as (
    select * from {{ ref('res_scored_pairs') }}
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

-- The latest decision counts; of one day's, the most cautious. The one before it is told beside it.
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
        scored_pairs.*,
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
            when latest_decisions.decision is not null then 'human decision'
            when scored_pairs.registration_level = 'same' then 'registration id'
            when scored_pairs.domain_level = 'same' then 'domain'
            when scored_pairs.domain_level = 'alias' then 'domain alias'
            when scored_pairs.name_level in ('exact', 'spacing', 'order') then 'exact name'
            when scored_pairs.name_level = 'acronym' then 'acronym'
            else 'fuzzy name'
        end as match_reason
    from scored_pairs
    left join latest_decisions
        on
            scored_pairs.left_record_key = latest_decisions.left_record_key
            and scored_pairs.right_record_key = latest_decisions.right_record_key
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
            when match_probability >= {{ var('auto_probability') }} then 'auto'
            -- the ladder: an identifier of one company stands above any name
            when
                has_identifier and not has_crowded_domain and country_level <> 'different'
                and match_probability >= {{ var('auto_probability_with_identifier') }}
                then 'auto'
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
banded as (
    select
        proposed.*,
        case
            when proposed.decision is not null then proposed.own_guard
            when proposed.proposed_band <> 'review' then proposed.own_guard
            when left_ends.record_key is null and right_ends.record_key is null then proposed.own_guard
            else coalesce(proposed.own_guard, 'already matched')
        end as guard,
        case
            when proposed.decision is not null then proposed.proposed_band
            when proposed.proposed_band <> 'review' then proposed.proposed_band
            when left_ends.record_key is null and right_ends.record_key is null then 'review'
            else 'rejected'
        end as band
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

kept as (
    select * from banded
    where match_probability >= {{ var('kept_probability') }} or decision is not null
)

-- the columns of res_scored_pairs are passed on as they are, so the linter cannot count them
select * from kept -- noqa: AM04
