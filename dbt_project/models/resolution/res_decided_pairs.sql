-- What is done about each pair: bands by probability, guards where evidence of its kind never suffices, and people's
-- decisions, which always win.
with scored_pairs as (
    select * from {{ ref('res_scored_pairs') }}
),

match_decisions as (
    select * from {{ ref('match_decisions') }}
),

effective_decisions as (
    select
        least(left_record_key, right_record_key) as left_record_key,
        greatest(left_record_key, right_record_key) as right_record_key,
        decision,
        decided_by,
        decided_on,
        reason as decision_reason
    from match_decisions
    where
        decided_on <= {{ as_of_date() }}
        and (expires_on is null or expires_on >= {{ as_of_date() }})
),

-- The latest decision counts; of one day's, the most cautious.
latest_decisions as (
    select *
    from effective_decisions
    qualify row_number() over (
        partition by left_record_key, right_record_key
        order by
            decided_on desc,
            case decision when 'reject' then 1 when 'hold' then 2 else 3 end,
            decided_by,
            decision_reason
    ) = 1
),

reasoned as (
    select
        scored_pairs.*,
        latest_decisions.decision,
        latest_decisions.decided_by,
        latest_decisions.decided_on,
        latest_decisions.decision_reason,
        scored_pairs.registration_level = 'same'
        or scored_pairs.domain_level in ('same', 'alias') as has_identifier,
        scored_pairs.name_level in ('exact', 'spacing', 'order') as has_same_name,
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

guarded as (
    select
        *,
        case
            when registration_level = 'conflict' then 'conflicting registration ids'
            when has_identifier then null
            when numeral_level = 'conflict' then 'conflicting numerals'
            when has_mixed_scripts then 'mixed scripts'
            when country_level = 'different' then 'other country'
            when
                has_same_name
                and shared_millibits < {{ var('common_name_millibits') }}
                and city_level <> 'same' and phone_level <> 'same'
                and domain_label_level not in ('is the name')
                then 'common name'
            when left_party_id = right_party_id and not has_same_name then 'differing names in one list'
        end as guard
    from reasoned
),

banded as (
    select
        *,
        case
            when decision = 'approve' then 'auto'
            when decision = 'reject' then 'rejected'
            when decision = 'hold' then 'review'
            when match_probability < {{ var('review_probability') }} then 'rejected'
            when guard in ('conflicting registration ids', 'conflicting numerals') then 'rejected'
            when guard is not null then 'review'
            when match_probability >= {{ var('auto_probability') }} then 'auto'
            else 'review'
        end as band
    from guarded
),

kept as (
    select * exclude (has_identifier, has_same_name)
    from banded
    where match_probability >= {{ var('kept_probability') }} or decision is not null
)

select * from kept
