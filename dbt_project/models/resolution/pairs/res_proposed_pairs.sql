-- Which keys propose a pair: inside a list, with us, and between partners each has its own bound. A view, for its rows
-- are many more than the pairs, and res_candidate_pairs alone needs them, and whoever asks about one pair.
{{ config(materialized='view') }}

with blocking_keys as (

    select
        *,
        cast({{ rule_bit('rule') }} as smallint) as rule_bit
    from {{ ref('res_blocking_keys') }}

),

shared_in_a_list as (

    select
        one.record_number as left_record_number,
        other.record_number as right_record_number,
        one.key_number,
        one.rule_bit
    from blocking_keys as one
    inner join blocking_keys as other
        on
            one.key_number = other.key_number
            and one.party_id = other.party_id
            and one.record_number < other.record_number
    where not (one.is_part and other.is_part)

),

shared_with_us as (

    select
        least(ours.record_number, theirs.record_number) as left_record_number,
        greatest(ours.record_number, theirs.record_number) as right_record_number,
        ours.key_number,
        ours.rule_bit
    from blocking_keys as ours
    inner join blocking_keys as theirs
        on ours.key_number = theirs.key_number
    where
        ours.party_id = 'us'
        and theirs.party_id <> 'us'
        and ours.record_count + theirs.record_count <= ours.record_limit
        and not (ours.is_part and theirs.is_part)

),

shared_among_partners as (

    select
        one.record_number as left_record_number,
        other.record_number as right_record_number,
        one.key_number,
        one.rule_bit
    from blocking_keys as one
    inner join blocking_keys as other
        on
            one.key_number = other.key_number
            and one.party_id <> other.party_id
            and one.record_number < other.record_number
    where
        one.is_among_partners
        and other.is_among_partners
        and not (one.is_part and other.is_part)

),

final as (

    select * from shared_in_a_list
    union all
    select * from shared_with_us
    union all
    select * from shared_among_partners

)

select * from final
