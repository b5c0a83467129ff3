-- Unordered pairs of records worth comparing, with the rules that proposed them.
with blocking_keys as (
    select *
    from {{ ref('res_blocking_keys') }}
    where proposes_pairs
),

records as (
    select * from {{ ref('res_account_records') }}
),

match_decisions as (
    select * from {{ ref('match_decisions') }}
),

-- What a person has judged is always looked at, whatever the keys say.
decided as (
    select
        least(match_decisions.left_record_key, match_decisions.right_record_key) as left_record_key,
        greatest(match_decisions.left_record_key, match_decisions.right_record_key) as right_record_key,
        'decision' as rule,
        2 as record_count,
        left_records.party_id as left_party_id,
        right_records.party_id as right_party_id
    from match_decisions
    inner join records as left_records
        on least(match_decisions.left_record_key, match_decisions.right_record_key) = left_records.record_key
    inner join records as right_records
        on greatest(match_decisions.left_record_key, match_decisions.right_record_key) = right_records.record_key
    where left_records.record_key <> right_records.record_key
),

shared_keys as (
    select
        one.record_key as left_record_key,
        other.record_key as right_record_key,
        one.rule,
        one.record_count,
        one.party_id as left_party_id,
        other.party_id as right_party_id
    from blocking_keys as one
    inner join blocking_keys as other
        on
            one.rule = other.rule
            and one.blocking_key = other.blocking_key
            and one.record_key < other.record_key
),

proposals as (
    select * from shared_keys
    union all
    select * from decided
),

pairs as (
    select
        left_record_key,
        right_record_key,
        any_value(left_party_id) as left_party_id,
        any_value(right_party_id) as right_party_id,
        list(distinct rule order by rule) as rules,
        count(*) as proposal_count
    from proposals
    group by left_record_key, right_record_key
)

select * from pairs
