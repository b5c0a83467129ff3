-- How many of the candidates are true pairs differs from list to list, so it is estimated for each pair of lists. One
-- party's own list is assumed to hold no more duplicates than its scores say, and never more than other lists do.
--
-- The scores alone cannot tell lists that share hardly a company: there every company's nearest namesake looks like a
-- match. But true pairs come in a mix. Where strong pairs (equal names or identifiers) are few, weaker kinds of
-- evidence cannot hold many true pairs either; what is more than the labelled lists speak for is not believed.
--
-- How many names are misspelt depends on who typed the lists, so there the lists themselves are asked: inside one list
-- names that differ by a typo are strangers, nearly all. Between two lists about as many pairs must be
-- strangers as their sizes make of that; what is more may be true. Where that is more than the scores believe, the
-- kind is believed in as far as on the lists the weights were fitted on.
with pair_evidence as (

    select * from {{ ref('res_pair_evidence') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

match_weights as (

    select * from {{ ref('match_weights') }}

),

-- log2 of the true pairs of a kind that are believed beside each strong one
class_shares as (

    select
        cast(level as {{ enum_of('evidence_class') }}) as evidence_class,
        weight_millibits as share_millibits
    from match_weights
    where comparison = 'class share'

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

list_shifts as (

    select
        left_party_id,
        right_party_id,
        pair_count,
        case
            when left_party_id = right_party_id then least(estimated_shift_millibits, 0)
            else least(estimated_shift_millibits, {{ var('largest_prior_shift_millibits') }})
        end as list_shift_millibits
    from prior_shifts

),

believable_counts as (

    select
        pair_evidence.left_party_id,
        pair_evidence.right_party_id,
        pair_evidence.evidence_class,
        cast(pair_evidence.fitted_millibits + list_shifts.list_shift_millibits as bigint) as millibits,
        count(*) as pair_count
    from pair_evidence
    inner join list_shifts
        on
            pair_evidence.left_party_id = list_shifts.left_party_id
            and pair_evidence.right_party_id = list_shifts.right_party_id
    where
        pair_evidence.own_guard is null
        and pair_evidence.fitted_millibits + list_shifts.list_shift_millibits >= {{ var('believable_millibits') }}
    group by all

),

class_lists as (

    select
        left_party_id,
        right_party_id,
        evidence_class,
        list(millibits order by millibits) as millibits,
        list(pair_count order by millibits) as counts,
        -- summed in integers, so that the order of rows does not matter
        sum(cast(round(1e6 * pair_count / (1.0 + power(2.0, -millibits / 1000.0))) as bigint)) / 1e6 as expected_count
    from believable_counts
    group by left_party_id, right_party_id, evidence_class

),

strong_counts as (

    select
        left_party_id,
        right_party_id,
        expected_count as strong_count
    from class_lists
    where evidence_class = 'strong'

),

list_sizes as (

    select
        party_id,
        count(*) as record_count
    from records
    group by party_id

),

misspelt_counts as (

    select
        pair_evidence.left_party_id,
        pair_evidence.right_party_id,
        count(*) as pair_count
    from pair_evidence
    where
        pair_evidence.evidence_class = 'misspelt'
        and (
            pair_evidence.own_guard is null
            -- the guard of pairs inside one list stands for none between two
            or pair_evidence.own_guard = 'differing names in one list'
        )
    group by pair_evidence.left_party_id, pair_evidence.right_party_id

),

-- The share of strangers among all pairs, by either list, times the pairs between the two: the mean of both.
stranger_counts as (

    select
        misspelt_counts.left_party_id,
        misspelt_counts.right_party_id,
        misspelt_counts.pair_count,
        coalesce(left_strangers.pair_count, 0) * right_sizes.record_count / greatest(left_sizes.record_count - 1, 1)
        + coalesce(right_strangers.pair_count, 0) * left_sizes.record_count
        / greatest(right_sizes.record_count - 1, 1) as stranger_count
    from misspelt_counts
    inner join list_sizes as left_sizes
        on misspelt_counts.left_party_id = left_sizes.party_id
    inner join list_sizes as right_sizes
        on misspelt_counts.right_party_id = right_sizes.party_id
    left join misspelt_counts as left_strangers
        on
            misspelt_counts.left_party_id = left_strangers.left_party_id
            and misspelt_counts.left_party_id = left_strangers.right_party_id
    left join misspelt_counts as right_strangers
        on
            misspelt_counts.right_party_id = right_strangers.left_party_id
            and misspelt_counts.right_party_id = right_strangers.right_party_id
    where misspelt_counts.left_party_id <> misspelt_counts.right_party_id

),

-- every kind of evidence, whether these lists have pairs of it or not
list_classes as (

    select
        list_shifts.left_party_id,
        list_shifts.right_party_id,
        list_shifts.list_shift_millibits,
        class_shares.evidence_class,
        cast(list_shifts.pair_count as bigint) as pair_count,
        {{ var('believed_pairs_of_a_class') }}
        + coalesce(strong_counts.strong_count, 0) * power(2.0, class_shares.share_millibits / 1000.0) as mixed_count,
        coalesce(stranger_counts.pair_count - stranger_counts.stranger_count, 0) as unexplained_count
    from list_shifts
    cross join class_shares
    left join stranger_counts
        on
            list_shifts.left_party_id = stranger_counts.left_party_id
            and list_shifts.right_party_id = stranger_counts.right_party_id
            and class_shares.evidence_class = 'misspelt'
    left join strong_counts
        on
            list_shifts.left_party_id = strong_counts.left_party_id
            and list_shifts.right_party_id = strong_counts.right_party_id

),

shifted as (

    select
        list_classes.left_party_id,
        list_classes.right_party_id,
        list_classes.evidence_class,
        list_classes.pair_count,
        list_classes.list_shift_millibits,
        coalesce(class_lists.expected_count, 0) as expected_count,
        greatest(list_classes.mixed_count, list_classes.unexplained_count) as believed_count,
        class_shift_millibits(
            class_lists.millibits,
            class_lists.counts,
            greatest(list_classes.mixed_count, list_classes.unexplained_count),
            case
                when list_classes.unexplained_count > list_classes.mixed_count
                    then greatest(-list_classes.list_shift_millibits, 0)
                else 0
            end
        ) as class_shift_millibits
    from list_classes
    left join class_lists
        on
            list_classes.left_party_id = class_lists.left_party_id
            and list_classes.right_party_id = class_lists.right_party_id
            and list_classes.evidence_class = class_lists.evidence_class

),

final as (

    select
        *,
        cast(list_shift_millibits + class_shift_millibits as bigint) as list_prior_millibits
    from shifted

)

select * from final
