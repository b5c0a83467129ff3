with explained_pairs as (

    select * from {{ ref('res_explained_pairs') }}

),

pair_joins as (

    select * from {{ ref('res_pair_joins') }}

),

evidence as (

    select * from {{ ref('fct_account_match_evidence') }}
    where comparison not in ('prior', 'list_prior')

),

records as (

    select * from {{ ref('res_account_records') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

delivered_accounts as (

    select * from {{ ref('stg_accounts') }}

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us' and is_open

),

partners as (

    select * from {{ ref('stg_partners') }}

),

review_yields as (

    select * from {{ ref('review_yields') }}

),

pairs as (

    select
        explained_pairs.*,
        pair_joins.clustering_refusal,
        pair_joins.band as joined_band,
        {% for side in ['left', 'right'] %}
        {{ side }}_records.website_host as {{ side }}_website,
        concat_ws(', ', {{ side }}_delivered.city, {{ side }}_delivered.state, {{ side }}_records.country_code)
            as {{ side }}_place,
        {% endfor %}
        md5(
            concat_ws(
                chr(31)
                {%- for side in ['left', 'right'] -%}
                {%- for attribute in fingerprinted_attributes() -%}
                , coalesce({{ side }}_records.{{ attribute }}, '')
                {%- endfor -%}
                {%- endfor -%}
            )
        ) as pair_fingerprint
    from explained_pairs
    left join pair_joins
        on
            explained_pairs.left_record_number = pair_joins.left_record_number
            and explained_pairs.right_record_number = pair_joins.right_record_number
    inner join records as left_records on explained_pairs.left_record_key = left_records.record_key
    inner join records as right_records on explained_pairs.right_record_key = right_records.record_key
    left join delivered_accounts as left_delivered on explained_pairs.left_record_key = left_delivered.record_key
    left join delivered_accounts as right_delivered on explained_pairs.right_record_key = right_delivered.record_key
    where
        coalesce(pair_joins.band, explained_pairs.band) = 'review'
        or explained_pairs.is_already_matched
        or explained_pairs.decided_by is not null

),

-- Accounts that are held back until somebody says whether they are an excluded one.
withheld_accounts as (

    select distinct
        lookalikes.account_key,
        excluded.account_key as excluded_account_key
    from account_exclusions as lookalikes
    inner join account_exclusions as excluded
        on
            lookalikes.exclusion_id = excluded.exclusion_id
            and lookalikes.is_undecided
            and not excluded.is_undecided

),

withheld_pairs as (

    select
        account_key as one_account_key,
        excluded_account_key as other_account_key
    from withheld_accounts
    union
    select
        excluded_account_key as one_account_key,
        account_key as other_account_key
    from withheld_accounts

),

pairs_of_accounts as (

    select
        pairs.*,
        left_accounts.account_key as left_account_key,
        right_accounts.account_key as right_account_key,
        withheld_pairs.one_account_key is not null
        and (coalesce(pairs.joined_band, pairs.band) = 'review' or pairs.is_already_matched) as may_be_excluded
    from pairs
    left join account_records as left_accounts on pairs.left_record_key = left_accounts.record_key
    left join account_records as right_accounts on pairs.right_record_key = right_accounts.record_key
    left join withheld_pairs
        on
            left_accounts.account_key = withheld_pairs.one_account_key
            and right_accounts.account_key = withheld_pairs.other_account_key

),

-- What was decided comes up again when two people disagree, when one of the records is another company by now, when it
-- was decided on other facts, or when other evidence kept it from being done. A question that was closed, as one of its
-- records has its match, is asked all the same where an exclusion hangs on it.
waiting as (

    select
        *,
        case
            when may_be_excluded then 'may be excluded'
            when is_disputed then 'decisions disagree'
            when exchanged_record_key is not null then 'record exchanged'
            when decided_fingerprint <> pair_fingerprint then 'inputs changed'
            when clustering_refusal is not null then 'join refused'
            when decision is null and not is_already_matched then 'undecided'
        end as queue_reason
    from pairs_of_accounts

),

account_pipelines as (

    select
        account_records.account_key,
        sum(opportunities.amount_usd) as open_pipeline_usd
    from opportunities
    inner join account_records on opportunities.account_record_key = account_records.record_key
    group by account_records.account_key

),

-- What only says once more that the names are equal counts with the name.
summed_evidence as (

    select
        left_record_key,
        right_record_key,
        case when is_repetition then 'name' else comparison end as comparison,
        min(comparison_number) as comparison_number,
        min_by(level, comparison_number) as found_level,
        sum(evidence_millibits) as evidence_millibits
    from evidence
    group by left_record_key, right_record_key, case when is_repetition then 'name' else comparison end

),

-- Accounts that stand in the lists of two parties.
shared_accounts as (

    select account_key
    from account_records
    group by account_key
    having count(distinct party_id) > 1

),

-- The three comparisons that say most on either side, strongest first.
ranked_evidence as (

    select
        left_record_key,
        right_record_key,
        evidence_millibits > 0 as speaks_for,
        concat(
            replace(comparison, '_', ' '), ': ', found_level, ' (', format('{:+.1f}', evidence_millibits / 1000.0), ')'
        ) as finding,
        row_number() over (
            partition by left_record_key, right_record_key, evidence_millibits > 0
            order by abs(evidence_millibits) desc, comparison_number asc
        ) as finding_rank
    from summed_evidence
    where evidence_millibits <> 0

),

findings as (

    select
        left_record_key,
        right_record_key,
        string_agg(finding, '; ' order by finding_rank) filter (where speaks_for) as evidence_for,
        string_agg(finding, '; ' order by finding_rank) filter (where not speaks_for) as evidence_against
    from ranked_evidence
    where finding_rank <= 3
    group by left_record_key, right_record_key

),

-- The other records of the two accounts of a question, which an answer `same` joins along; three of them by name.
companions as (

    select
        waiting.left_record_key,
        waiting.right_record_key,
        concat(delivered_accounts.name, ' (', account_records.record_key, ')') as companion,
        row_number() over (
            partition by waiting.left_record_key, waiting.right_record_key
            order by account_records.record_key
        ) as companion_number
    from waiting
    inner join account_records
        on
            account_records.account_key in (waiting.left_account_key, waiting.right_account_key)
            and account_records.record_key not in (waiting.left_record_key, waiting.right_record_key)
    inner join delivered_accounts on account_records.record_key = delivered_accounts.record_key
    where waiting.queue_reason is not null and waiting.left_account_key <> waiting.right_account_key

),

named_companions as (

    select
        left_record_key,
        right_record_key,
        concat(
            '"same" also joins ',
            string_agg(companion, ', ' order by companion_number) filter (where companion_number <= 3),
            case when count(*) > 3 then concat(' and ', count(*) - 3, ' more') end, '.'
        ) as companions
    from companions
    group by left_record_key, right_record_key

),

weighed as (

    select
        waiting.* replace (concat_ws(' ', waiting.explanation, named_companions.companions) as explanation),
        review_yields.same_count,
        review_yields.expected_count,
        left_shared.account_key is not null or right_shared.account_key is not null as is_shared,
        findings.evidence_for,
        findings.evidence_against,
        coalesce(left_partners.name, waiting.left_party_id) as left_party_name,
        coalesce(right_partners.name, waiting.right_party_id) as right_party_name,
        -- both ends may be one account through other records: its money counts once
        coalesce(left_pipelines.open_pipeline_usd, 0)
        + case
            when waiting.left_account_key = waiting.right_account_key then 0
            else coalesce(right_pipelines.open_pipeline_usd, 0)
        end as our_open_pipeline_usd,
        case
            when waiting.left_party_id = waiting.right_party_id then {{ var('review_points_duplicate') }}
            when 'us' in (waiting.left_party_id, waiting.right_party_id) then {{ var('review_points_overlap') }}
            else {{ var('review_points_partners') }}
        end as overlap_points
    from waiting
    left join findings
        on
            waiting.left_record_key = findings.left_record_key
            and waiting.right_record_key = findings.right_record_key
    left join named_companions
        on
            waiting.left_record_key = named_companions.left_record_key
            and waiting.right_record_key = named_companions.right_record_key
    left join account_pipelines as left_pipelines on waiting.left_account_key = left_pipelines.account_key
    left join account_pipelines as right_pipelines on waiting.right_account_key = right_pipelines.account_key
    left join shared_accounts as left_shared on waiting.left_account_key = left_shared.account_key
    left join shared_accounts as right_shared on waiting.right_account_key = right_shared.account_key
    left join review_yields on waiting.guard = review_yields.guard
    left join partners as left_partners on waiting.left_party_id = left_partners.party_id
    left join partners as right_partners on waiting.right_party_id = right_partners.party_id
    where waiting.queue_reason is not null

),

-- A pair that waits stands for two accounts until somebody answers, so an answer changes something as likely as the two
-- are one. Guards speak against the score: of the pairs that each has stopped, so many were one company. Where other
-- pairs or people stand against it, probability does not say how sure anybody is.
--
-- Two records of one list change no overlap and no money where neither stands in another list or has an open deal: such
-- pairs wait until they do, and are counted (docs/matching.md).
judged as (

    select
        *,
        case
            when queue_reason <> 'undecided' then 1
            else least(match_probability * coalesce((same_count + 1.0) / (expected_count + 2.0), 1), 1)
        end as change_rate
    from weighed
    where
        left_party_id <> right_party_id
        or is_shared
        or our_open_pipeline_usd > 0
        or queue_reason not in ('undecided', 'join refused')

),

valued as (

    select
        *,
        cast(round(change_rate, 4) as decimal(9, 4)) as uncertainty_rate,
        cast(
            round(
                change_rate * (
                    overlap_points
                    + least(
                        our_open_pipeline_usd / {{ var('review_pipeline_usd_per_point') }},
                        {{ var('review_pipeline_most_points') }}
                    )
                ), 4
            ) as decimal(9, 4)
        ) as decision_value
    from judged

),

final as (

    select
        left_record_key,
        right_record_key,
        queue_reason,
        left_party_name,
        right_party_name,
        left_name,
        right_name,
        left_website,
        right_website,
        left_place,
        right_place,
        match_probability,
        match_reason,
        guard,
        clustering_refusal,
        explanation,
        evidence_for,
        evidence_against,
        decision,
        relation,
        decided_by,
        decided_on,
        decision_reason,
        inherited_from as decision_inherited_from,
        exchanged_record_key,
        other_decision,
        other_relation,
        other_decided_by,
        other_decided_on,
        uncertainty_rate,
        decision_value,
        pair_fingerprint,
        cast({{ if_delivered('opportunities', 'our_open_pipeline_usd') }} as decimal(38, 2)) as our_open_pipeline_usd,
        row_number() over (
            order by
                may_be_excluded desc,
                decision_value desc,
                match_probability desc,
                left_record_key asc,
                right_record_key asc
        ) as queue_rank
    from valued

)

select * from final
