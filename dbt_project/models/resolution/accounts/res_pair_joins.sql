-- Accepted pairs joined into groups; a join that other evidence contradicts is refused, with its reason, and left to a
-- person. So groups are no mere connected components; but nothing joins two of these, so each is looked at by itself.
with records as (

    select * from {{ ref('res_account_records') }}

),

decided_pairs as (

    select
        left_record_number,
        right_record_number,
        left_party_id,
        right_party_id,
        registration_level,
        -- an identifier is accepted below even odds too (res_decided_pairs); what is accepted speaks for a join
        case when band = 'auto' then greatest(match_millibits, 1) else match_millibits end as millibits,
        band = 'auto' as is_accepted,
        coalesce(decision = 'approve', false) as is_certain,
        coalesce(decision in ('reject', 'hold'), false) as is_forbidden,
        -- nothing but likeness speaks for the pair: no person, number or domain, nor the very same name
        match_reason in ('fuzzy name', 'acronym') as is_weak
    from {{ ref('res_decided_pairs') }}

),

ends as (

    select unnest([left_record_number, right_record_number]) as record_number
    from decided_pairs
    where is_accepted

),

lone_ends as (

    select record_number
    from ends
    group by record_number
    having count(*) = 1

),

-- Most accepted pairs are the only one of both records, and nothing can speak against them.
undisputed_pairs as (

    select
        decided_pairs.left_record_number,
        decided_pairs.right_record_number
    from decided_pairs
    inner join lone_ends as left_ends on decided_pairs.left_record_number = left_ends.record_number
    inner join lone_ends as right_ends on decided_pairs.right_record_number = right_ends.record_number
    where decided_pairs.is_accepted and decided_pairs.registration_level = 'unknown'

),

disputed_ends as (

    select distinct ends.record_number
    from ends
    left join undisputed_pairs as left_pairs on ends.record_number = left_pairs.left_record_number
    left join undisputed_pairs as right_pairs on ends.record_number = right_pairs.right_record_number
    where left_pairs.left_record_number is null and right_pairs.right_record_number is null

),

disputed_pairs as (

    select decided_pairs.*
    from decided_pairs
    inner join disputed_ends as left_ends on decided_pairs.left_record_number = left_ends.record_number
    inner join disputed_ends as right_ends on decided_pairs.right_record_number = right_ends.record_number

),

accepted_pairs as (

    select
        left_record_number,
        right_record_number
    from disputed_pairs
    where is_accepted

),

components as (

    {{ connected_components('accepted_pairs', 'left_record_number', 'right_record_number') }}

),

-- Accepted pairs lie inside a component; what else is judged between two of them changes nothing in either.
component_pairs as (

    select
        components.component_number,
        list(
            {
                'left_number': disputed_pairs.left_record_number,
                'right_number': disputed_pairs.right_record_number,
                'millibits': cast(disputed_pairs.millibits as bigint),
                'is_accepted': disputed_pairs.is_accepted,
                'is_certain': disputed_pairs.is_certain,
                'is_forbidden': disputed_pairs.is_forbidden,
                'is_weak': disputed_pairs.is_weak
            }
        ) as pairs
    from disputed_pairs
    inner join components
        on disputed_pairs.left_record_number = components.number
    group by components.component_number

),

registrations as (

    {% for scheme in registration_schemes() -%}
    select
        record_number,
        '{{ scheme.company_scheme }}' as scheme,
        {{ scheme.company_number | format(scheme.column) }} as number
    from records
    where {{ scheme.column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

our_accepted_pairs as (

    select
        left_record_number,
        right_record_number
    from decided_pairs
    where is_accepted and left_party_id = 'us' and right_party_id = 'us'

),

our_duplicates as (

    {{ connected_components('our_accepted_pairs', 'left_record_number', 'right_record_number') }}

),

-- Partners' records with a number of ours, accepted or not, unless a person said no.
pairs_with_ours as (

    select
        is_certain,
        case when left_party_id = 'us' then right_record_number else left_record_number end as record_number,
        case when left_party_id = 'us' then left_record_number else right_record_number end as our_record_number
    from decided_pairs
    where
        (left_party_id = 'us') <> (right_party_id = 'us')
        and (registration_level = 'same' or is_certain)
        and not is_forbidden

),

equal_registrations as (

    select
        pairs_with_ours.record_number,
        theirs.scheme,
        coalesce(our_duplicates.component_number, pairs_with_ours.our_record_number) as our_number
    from pairs_with_ours
    inner join registrations as theirs
        on pairs_with_ours.record_number = theirs.record_number
    inner join registrations as ours
        on
            pairs_with_ours.our_record_number = ours.record_number
            and theirs.scheme = ours.scheme
            and theirs.number = ours.number
    left join our_duplicates
        on pairs_with_ours.our_record_number = our_duplicates.number

),

shared_schemes as (

    select
        record_number,
        our_number,
        count(distinct scheme) as scheme_count
    from equal_registrations
    group by record_number, our_number

),

-- Its numbers are ours, but no one company of ours has all of them: the row contradicts itself.
records_with_ids_of_several as (

    select equal_registrations.record_number
    from equal_registrations
    inner join shared_schemes
        on equal_registrations.record_number = shared_schemes.record_number
    left join pairs_with_ours as approved_pairs
        on equal_registrations.record_number = approved_pairs.record_number and approved_pairs.is_certain
    where approved_pairs.record_number is null
    group by equal_registrations.record_number
    having max(shared_schemes.scheme_count) < count(distinct equal_registrations.scheme)

),

component_ends as (

    select
        components.component_number,
        list(
            {
                'number': records.record_number,
                'party': records.party_id,
                'is_ours': records.party_id = 'us',
                'has_ids_of_several': records_with_ids_of_several.record_number is not null
            }
        ) as ends
    from components
    inner join records on components.number = records.record_number
    left join records_with_ids_of_several
        on components.number = records_with_ids_of_several.record_number
    group by components.component_number

),

component_registrations as (

    select
        components.component_number,
        list(
            {
                'number': registrations.record_number,
                'scheme': registrations.scheme,
                'id': registrations.number
            }
        ) as ids
    from registrations
    inner join components on registrations.record_number = components.number
    group by components.component_number

),

clustered as (

    select
        unnest(
            pair_joins(
                component_pairs.pairs,
                component_ends.ends,
                component_registrations.ids,
                {{ var('most_records_joined_by_weak_pairs') }}
            )
        ) as pair_join
    from component_pairs
    inner join component_ends
        on component_pairs.component_number = component_ends.component_number
    left join component_registrations
        on component_pairs.component_number = component_registrations.component_number

),

joined as (

    select
        left_record_number,
        right_record_number,
        left_record_number as left_cluster_number,
        left_record_number as right_cluster_number,
        cast(null as varchar) as clustering_refusal
    from undisputed_pairs
    union all
    select
        pair_join.left_number as left_record_number,
        pair_join.right_number as right_record_number,
        pair_join.left_cluster_number,
        pair_join.right_cluster_number,
        pair_join.refusal as clustering_refusal
    from clustered

),

final as (

    select
        left_record_number,
        right_record_number,
        left_cluster_number,
        right_cluster_number,
        clustering_refusal,
        case when clustering_refusal is null then 'auto' else 'review' end as band
    from joined

)

select * from final
