with opportunities as (

    select * from {{ ref('stg_opportunities') }}

),

counted as (

    select
        opportunity_key,
        party_id,
        partner_recorded_on,
        coalesce(sourced_by_partner_ids, []) as sourced_by_partner_ids,
        coalesce(influenced_by_partner_ids, []) as influenced_by_partner_ids,
        len(coalesce(sourced_by_partner_ids, [])) as source_count,
        len(coalesce(sourced_by_partner_ids, [])) + len(coalesce(influenced_by_partner_ids, [])) as partner_count
    from opportunities

),

named as (

    select
        *,
        'sourced' as claim,
        generate_subscripts(sourced_by_partner_ids, 1) as place,
        unnest(sourced_by_partner_ids) as partner_id
    from counted
    union all
    select
        *,
        'influenced' as claim,
        source_count + generate_subscripts(influenced_by_partner_ids, 1) as place,
        unnest(influenced_by_partner_ids) as partner_id
    from counted

),

-- One day holds for all partners of the row; several hold for each in turn, if there are as many.
dated as (

    select
        opportunity_key,
        party_id,
        partner_id,
        claim,
        case
            when len(partner_recorded_on) = 1 then partner_recorded_on[1]
            when len(partner_recorded_on) = partner_count then partner_recorded_on[place]
        end as recorded_on
    from named
    where partner_id is not null

),

-- Whoever is named as both is the source.
final as (

    select
        opportunity_key,
        party_id,
        partner_id,
        max(claim) as claim,
        coalesce(min(recorded_on) filter (where claim = 'sourced'), min(recorded_on)) as recorded_on
    from dated
    group by opportunity_key, party_id, partner_id

)

select * from final
