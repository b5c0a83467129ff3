-- Where two lists share few companies, most of what only resembles is a stranger. So of pairs without an identifier or
-- the same name the likeliest are accepted first, until too many false ones are to be expected among them, measured by
-- all that is accepted between the two lists; the more of the smaller list seems to stand in the other, the more, and
-- from some share on there is no limit. What is less likely is left to a person (res_decided_pairs).
with scored_pairs as (
    select * from {{ ref('res_scored_pairs') }}
),

records as (
    select * from {{ ref('res_account_records') }}
),

list_sizes as (
    select
        party_id,
        count(*) as record_count
    from records
    group by party_id
),

acceptable_counts as (
    select
        left_party_id,
        right_party_id,
        is_resemblance,
        match_bits,
        count(*) as pair_count
    from scored_pairs
    where own_guard is null and match_probability >= {{ var('auto_probability') }}
    group by all
),

list_counts as (
    select
        left_party_id,
        right_party_id,
        sum(pair_count) as pair_count,
        coalesce(sum(pair_count) filter (where not is_resemblance), 0) as firm_count
    from acceptable_counts
    group by left_party_id, right_party_id
),

added_up as (
    select
        left_party_id,
        right_party_id,
        match_bits,
        sum(pair_count) over likeliest_first as resemblance_count,
        -- summed in integers, so that the order of rows does not matter
        sum(pair_count * cast(round(1e6 / (1.0 + power(2.0, match_bits / 1000.0))) as bigint)) over likeliest_first
        / 1e6 as false_count
    from acceptable_counts
    where is_resemblance
    window likeliest_first as (partition by left_party_id, right_party_id order by match_bits desc)
),

-- strangeness: 1 where nothing seems to stand in both lists, 0 where enough does
compared_lists as (
    select
        added_up.*,
        list_counts.firm_count + added_up.resemblance_count as accepted_count,
        1.0 - list_counts.pair_count
        / ({{ var('unlimited_shared_rate') }} * least(left_sizes.record_count, right_sizes.record_count)) as strangeness
    from added_up
    inner join list_counts
        on
            added_up.left_party_id = list_counts.left_party_id
            and added_up.right_party_id = list_counts.right_party_id
    inner join list_sizes as left_sizes
        on added_up.left_party_id = left_sizes.party_id
    inner join list_sizes as right_sizes
        on added_up.right_party_id = right_sizes.party_id
),

final as (
    select
        left_party_id,
        right_party_id,
        max(match_bits) as doubtful_bits
    from compared_lists
    where
        false_count > {{ var('resemblance_false_count') }}
        and false_count * strangeness > {{ var('resemblance_false_rate') }} * accepted_count
    group by left_party_id, right_party_id
)

select * from final
