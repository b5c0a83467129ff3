-- How many of the candidates are true pairs differs from list to list, so it is estimated for each pair of lists. One
-- party's own list is assumed to hold no more duplicates than its scores say, and never more than other lists do.
with pair_evidence as (
    select * from {{ ref('res_pair_evidence') }}
),

match_weights as (
    select * from {{ ref('match_weights') }}
),

fitted_shares as (
    select weight_millibits as fitted_share_millibits
    from match_weights
    where comparison = 'prior' and level = 'true share'
),

score_counts as (
    select
        left_party_id,
        right_party_id,
        fitted_millibits,
        count(*) as pair_count
    from pair_evidence
    group by left_party_id, right_party_id, fitted_millibits
),

score_lists as (
    select
        left_party_id,
        right_party_id,
        list(fitted_millibits order by fitted_millibits) as millibits,
        list(pair_count order by fitted_millibits) as counts,
        sum(pair_count) as pair_count
    from score_counts
    group by left_party_id, right_party_id
),

prior_shifts as (
    select
        score_lists.left_party_id,
        score_lists.right_party_id,
        score_lists.pair_count,
        prior_shift_millibits(
            score_lists.millibits,
            score_lists.counts,
            1.0 / (1.0 + power(2.0, -fitted_shares.fitted_share_millibits / 1000.0)),
            {{ var('prior_pair_count') }}
        ) as estimated_shift_millibits
    from score_lists
    cross join fitted_shares
),

final as (
    select
        left_party_id,
        right_party_id,
        cast(pair_count as bigint) as pair_count,
        estimated_shift_millibits,
        case
            when left_party_id = right_party_id then least(estimated_shift_millibits, 0)
            else least(estimated_shift_millibits, {{ var('largest_prior_shift_millibits') }})
        end as list_prior_millibits
    from prior_shifts
)

select * from final
