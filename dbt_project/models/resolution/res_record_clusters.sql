-- Records grouped into companies along accepted pairs, strongest first; joins that other evidence contradicts are
-- refused, so the groups are no mere connected components.
with records as (
    select * from {{ ref('res_account_records') }}
),

decided_pairs as (
    select * from {{ ref('res_decided_pairs') }}
),

judged_pairs as (
    select
        list(
            {
                'left_record_key': left_record_key,
                'right_record_key': right_record_key,
                'millibits': cast(match_bits as bigint),
                'is_accepted': band = 'auto',
                'is_certain': coalesce(decision = 'approve', false),
                'is_forbidden':
                coalesce(decision in ('reject', 'hold'), false)
                or coalesce(guard = 'conflicting registration ids', false)
            }
            order by left_record_key, right_record_key
        ) as pairs
    from decided_pairs
),

numbers as (
    select
        record_key,
        'lei' as scheme,
        lei as number
    from records
    where lei is not null
    union all
    select
        record_key,
        'duns' as scheme,
        duns as number
    from records
    where duns is not null
    union all
    select
        record_key,
        'vat' as scheme,
        vat_number as number
    from records
    where vat_number is not null
    union all
    -- the establishment's part of a SIRET may differ inside one company
    select
        record_key,
        'siren' as scheme,
        left(siret, 9) as number
    from records
    where siret is not null
    union all
    select
        record_key,
        'cik' as scheme,
        cik as number
    from records
    where cik is not null
),

registrations as (
    select
        list(
            { 'record_key': record_key, 'scheme': scheme, 'number': number }
            order by record_key, scheme
        ) as numbers
    from numbers
),

clustered as (
    select unnest(record_clusters(judged_pairs.pairs, registrations.numbers)) as member
    from judged_pairs
    cross join registrations
),

final as (
    select
        records.record_key,
        coalesce(clustered.member.cluster_key, records.record_key) as cluster_key
    from records
    left join clustered
        on records.record_key = clustered.member.record_key
)

select * from final
