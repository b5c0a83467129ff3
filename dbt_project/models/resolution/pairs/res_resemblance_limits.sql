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
        match_millibits,
        count(*) as pair_count,
        count(*) filter (where is_resemblance) as resemblance_count
    from scored_pairs
    where own_guard is null and match_probability >= {{ var('auto_probability') }}
    group by left_party_id, right_party_id, match_millibits

),

added_up as (

    select
        left_party_id,
        right_party_id,
        match_millibits,
        sum(pair_count) over two_lists as pair_count,
        -- all firm pairs, and the resemblances so far
        sum(pair_count - resemblance_count) over two_lists + sum(resemblance_count) over likeliest_first
            as accepted_count,
        -- summed in integers, so that the order of rows does not matter
        sum(resemblance_count * cast(round(1e6 / (1.0 + power(2.0, match_millibits / 1000.0))) as bigint))
            over likeliest_first
        / 1e6 as false_count
    from acceptable_counts
    window
        two_lists as (partition by left_party_id, right_party_id),
        likeliest_first as (partition by left_party_id, right_party_id order by match_millibits desc)

),

-- strangeness: 1 where nothing seems to stand in both lists, 0 where enough does
compared_lists as (

    select
        added_up.*,
        1.0 - added_up.pair_count
        / ({{ var('unlimited_shared_rate') }} * least(left_sizes.record_count, right_sizes.record_count)) as strangeness
    from added_up
    inner join list_sizes as left_sizes
        on added_up.left_party_id = left_sizes.party_id
    inner join list_sizes as right_sizes
        on added_up.right_party_id = right_sizes.party_id

),

final as (

    select
        left_party_id,
        right_party_id,
        max(match_millibits) as doubtful_millibits
    from compared_lists
    where
        false_count > {{ var('resemblance_false_count') }}
        and false_count * strangeness > {{ var('resemblance_false_rate') }} * accepted_count
    group by left_party_id, right_party_id

)

select * from final
