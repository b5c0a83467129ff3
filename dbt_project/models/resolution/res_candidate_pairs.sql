-- Unordered pairs of records worth comparing, with the rules that proposed them.
{% set sufficient_rules = ["acronym", "decision", "domain", "label", "name", "phone", "registration", "skeleton"] -%}

with blocking_keys as (
    select *
    from {{ ref('res_blocking_keys') }}
    where proposes_pairs
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

-- What a person has judged is always looked at, whatever the keys say.
decided as (
    select
        least(one.record_number, other.record_number) as left_record_number,
        greatest(one.record_number, other.record_number) as right_record_number,
        'decision' as rule
    from match_decisions
    inner join records as one
        on match_decisions.left_record_key = one.record_key
    inner join records as other
        on match_decisions.right_record_key = other.record_key
    where one.record_number <> other.record_number
),

shared_keys as (
    select
        one.record_number as left_record_number,
        other.record_number as right_record_number,
        one.rule
    from blocking_keys as one
    inner join blocking_keys as other
        on
            one.rule = other.rule
            and one.blocking_key = other.blocking_key
            and one.record_number < other.record_number
    where not (one.is_part and other.is_part)
),

proposals as (
    select * from shared_keys
    union all
    select * from decided
),

proposed as (
    select
        left_record_number,
        right_record_number,
        bit_or(cast({{ rule_bit('rule') }} as integer)) as rule_bits,
        count(*) as proposal_count
    from proposals
    group by left_record_number, right_record_number
),

-- A cheap look at the names spares most pairs the full comparison.
glued_names as (
    select
        record_number,
        party_id,
        name_number,
        replace(core_name, ' ', '') as glued_name
    from account_names
),

-- Of records with several names, the two that look most alike.
looked_at as (
    select
        proposed.left_record_number,
        proposed.right_record_number,
        any_value(proposed.rule_bits) as rule_bits,
        any_value(proposed.proposal_count) as proposal_count,
        any_value(left_names.party_id = right_names.party_id) as is_inside_one_list,
        max(
            {
                'similarity': jaro_winkler_similarity(left_names.glued_name, right_names.glued_name),
                'left_rank': -left_names.name_number,
                'right_rank': -right_names.name_number
            }
        ) as glance
    from proposed
    left join glued_names as left_names
        on proposed.left_record_number = left_names.record_number
    left join glued_names as right_names
        on proposed.right_record_number = right_names.record_number
    group by proposed.left_record_number, proposed.right_record_number
),

worth_comparing as (
    select
        looked_at.left_record_number,
        looked_at.right_record_number,
        looked_at.rule_bits,
        looked_at.proposal_count,
        -looked_at.glance.left_rank as left_name_number,
        -looked_at.glance.right_rank as right_name_number
    from looked_at
    where
        looked_at.rule_bits & {{ rule_bits(sufficient_rules) }} > 0
        or looked_at.glance.similarity >= case
            when looked_at.is_inside_one_list then {{ var('candidate_similarity_in_one_list') }}
            when looked_at.proposal_count > 1 then {{ var('candidate_similarity_of_two_keys') }}
            else {{ var('candidate_similarity') }}
        end
),

final as (
    select
        left_records.record_key as left_record_key,
        right_records.record_key as right_record_key,
        left_records.party_id as left_party_id,
        right_records.party_id as right_party_id,
        worth_comparing.left_record_number,
        worth_comparing.right_record_number,
        worth_comparing.left_name_number,
        worth_comparing.right_name_number,
        worth_comparing.proposal_count,
        {{ rules_of_bits('worth_comparing.rule_bits') }} as rules
    from worth_comparing
    inner join records as left_records
        on worth_comparing.left_record_number = left_records.record_number
    inner join records as right_records
        on worth_comparing.right_record_number = right_records.record_number
)

select * from final
