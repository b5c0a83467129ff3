-- How many of the candidates are true pairs differs from list to list, so it is estimated for each pair of lists. One
-- party's own list is assumed to hold no more duplicates than its scores say, and never more than other lists do.
--
-- The scores alone cannot tell lists that share hardly a company: there every company's nearest namesake looks like a
-- match. What chance makes can be seen, though: our own list is compared with itself. Each stand-in, a record of ours,
-- is to the others what a partner's record of another company would be. How many look like a match, and a better one
-- than what the partner's list really has for the same record, is what mere chance makes of lists so large. Of each
-- kind of evidence no more pairs are believed than there are beyond that.
--
-- Our list need not look like the partner's, though: theirs may be full of companies of groups whose heads we know. So
-- where names have words left over, or other legal forms, the mix bounds it as well: where strong pairs (equal names
-- or identifiers) are few, these kinds cannot hold many true pairs either, and what is more than the labelled lists
-- speak for is not believed. Somewhat more is where much of the smaller list stands in the other.
with pair_evidence as (

    select * from {{ ref('res_pair_evidence') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

match_weights as (

    select * from {{ ref('match_weights') }}

),

-- log2 of the true pairs of a kind that are believed beside each strong one; of most kinds nothing is said
class_shares as (

    select
        cast(kinds.evidence_class as {{ enum_of('evidence_class') }}) as evidence_class,
        match_weights.weight_millibits as share_millibits
    from (
        values
        {% for kind in words_of('evidence_class') -%}
        ('{{ kind }}'){{ ',' if not loop.last }}
        {% endfor -%}
    ) as kinds (evidence_class)
    left join match_weights
        on
            kinds.evidence_class = match_weights.level
            and match_weights.comparison = 'class share'

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
    where not is_only_for_chance
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
        and not pair_evidence.is_only_for_chance
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
        sum(pair_count) as pair_count,
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

-- Strangers of our own list, from the side of either; equal names and identifiers are duplicates.
stranger_pairs as (

    select *
    from pair_evidence
    where
        left_party_id = 'us'
        and right_party_id = 'us'
        and evidence_class <> 'strong'
        -- the guard of pairs inside one list stands for none between two
        and (own_guard is null or own_guard = 'differing names in one list')

),

stand_ins as (

    select
        left_record_number as record_number,
        right_record_number as stand_in_number,
        evidence_class,
        own_millibits,
        chance_millibits
    from stranger_pairs
    union all
    select
        right_record_number as record_number,
        left_record_number as stand_in_number,
        evidence_class,
        own_millibits,
        chance_millibits
    from stranger_pairs

),

chosen_stand_ins as (

    select
        stand_ins.record_number,
        stand_ins.evidence_class,
        stand_ins.own_millibits,
        stand_ins.chance_millibits
    from stand_ins
    inner join records
        on stand_ins.stand_in_number = records.record_number
    where records.is_stand_in

),

stand_in_scores as (

    select
        evidence_class,
        chance_millibits,
        count(*) as pair_count
    from chosen_stand_ins
    group by evidence_class, chance_millibits

),

stand_in_size as (

    select
        count(*) filter (where party_id = 'us') as record_count,
        count(*) filter (where is_stand_in) as stand_in_count
    from records

),

-- The best that each other party has for a record of ours.
our_choices as (

    select
        left_record_number as record_number,
        right_party_id as party_id,
        own_millibits
    from pair_evidence
    where left_party_id = 'us' and right_party_id <> 'us'
    union all
    select
        right_record_number as record_number,
        left_party_id as party_id,
        own_millibits
    from pair_evidence
    where right_party_id = 'us' and left_party_id <> 'us'

),

best_choices as (

    select
        record_number,
        party_id,
        max(own_millibits) as own_millibits
    from our_choices
    group by record_number, party_id

),

our_lists as (

    select
        left_party_id,
        right_party_id,
        list_shift_millibits,
        case when left_party_id = 'us' then right_party_id else left_party_id end as party_id
    from list_shifts
    where (left_party_id = 'us') <> (right_party_id = 'us')

),

seen_by_chance as (

    select
        our_lists.left_party_id,
        our_lists.right_party_id,
        chosen_stand_ins.evidence_class,
        count(*) as pair_count
    from our_lists
    cross join chosen_stand_ins
    left join best_choices
        on
            chosen_stand_ins.record_number = best_choices.record_number
            and our_lists.party_id = best_choices.party_id
    where
        chosen_stand_ins.chance_millibits + our_lists.list_shift_millibits >= {{ var('believable_millibits') }}
        and (best_choices.own_millibits is null or chosen_stand_ins.own_millibits > best_choices.own_millibits)
    group by our_lists.left_party_id, our_lists.right_party_id, chosen_stand_ins.evidence_class
    union all
    -- two partners' lists are measured by ours, too
    select
        list_shifts.left_party_id,
        list_shifts.right_party_id,
        stand_in_scores.evidence_class,
        sum(stand_in_scores.pair_count) as pair_count
    from list_shifts
    cross join stand_in_scores
    where
        list_shifts.left_party_id <> 'us'
        and list_shifts.right_party_id <> 'us'
        and list_shifts.left_party_id <> list_shifts.right_party_id
        and stand_in_scores.chance_millibits + list_shifts.list_shift_millibits >= {{ var('believable_millibits') }}
    group by list_shifts.left_party_id, list_shifts.right_party_id, stand_in_scores.evidence_class

),

-- every kind of evidence, whether these lists have pairs of it or not
list_classes as (

    select
        list_shifts.left_party_id,
        list_shifts.right_party_id,
        list_shifts.list_shift_millibits,
        class_shares.evidence_class,
        class_shares.share_millibits,
        cast(list_shifts.pair_count as bigint) as pair_count,
        coalesce(strong_counts.strong_count, 0) as strong_count,
        coalesce(class_lists.pair_count, 0) as believable_count,
        coalesce(class_lists.expected_count, 0) as expected_count,
        class_lists.millibits,
        class_lists.counts,
        coalesce(seen_by_chance.pair_count, 0)
        * left_sizes.record_count / greatest(stand_in_size.record_count, 1)
        * right_sizes.record_count / greatest(stand_in_size.stand_in_count, 1) as chance_count,
        coalesce(strong_counts.strong_count, 0)
        / ({{ var('familiar_shared_rate') }} * least(left_sizes.record_count, right_sizes.record_count))
            as familiarity
    from list_shifts
    cross join class_shares
    cross join stand_in_size
    inner join list_sizes as left_sizes
        on list_shifts.left_party_id = left_sizes.party_id
    inner join list_sizes as right_sizes
        on list_shifts.right_party_id = right_sizes.party_id
    left join strong_counts
        on
            list_shifts.left_party_id = strong_counts.left_party_id
            and list_shifts.right_party_id = strong_counts.right_party_id
    left join class_lists
        on
            list_shifts.left_party_id = class_lists.left_party_id
            and list_shifts.right_party_id = class_lists.right_party_id
            and class_shares.evidence_class = class_lists.evidence_class
    left join seen_by_chance
        on
            list_shifts.left_party_id = seen_by_chance.left_party_id
            and list_shifts.right_party_id = seen_by_chance.right_party_id
            and class_shares.evidence_class = seen_by_chance.evidence_class

),

mixed as (

    select
        *,
        -- of the other kinds labelled lists set no bound
        case
            when share_millibits is not null
                then
                    {{ var('believed_pairs_of_a_class') }}
                    + strong_count * power(2.0, share_millibits / 1000.0)
                    * case
                        when left_party_id = right_party_id then 1
                        else 1 + ({{ var('most_familiar_times') }} - 1) * least(familiarity, 1)
                    end
            when left_party_id = right_party_id then {{ var('believed_pairs_of_a_class') }} + strong_count
            else believable_count
        end as mixed_count
    from list_classes

),

believed as (

    select
        *,
        case
            when evidence_class = 'strong' then believable_count
            when left_party_id = right_party_id then mixed_count
            else greatest(
                least(believable_count - chance_count, mixed_count), {{ var('believed_pairs_of_a_class') }}
            )
        end as believed_count
    from mixed

),

shifted as (

    select
        left_party_id,
        right_party_id,
        evidence_class,
        pair_count,
        list_shift_millibits,
        expected_count,
        chance_count,
        believed_count,
        class_shift_millibits(millibits, counts, believed_count) as class_shift_millibits
    from believed

),

final as (

    select
        *,
        cast(list_shift_millibits + class_shift_millibits as bigint) as list_prior_millibits
    from shifted

)

select * from final
