with partner_production as (

    select * from {{ ref('mart_partner_production') }}

),

counted as (

    select
        count(*) as signed_count,
        cast({{ if_delivered('opportunities', 'coalesce(sum(credited_revenue_usd), 0)') }} as decimal(38, 2))
            as total_revenue_usd,
        {{ if_delivered('opportunities', 'count(*) filter (where is_producer)') }} as producer_count,
        {{ if_delivered('opportunities', 'count(*) filter (where is_in_concentration)') }} as concentrated_count
    from partner_production

),

final as (

    select
        'all' as scope,
        signed_count,
        producer_count,
        {{ rate('producer_count', 'signed_count') }} as producing_rate,
        concentrated_count,
        case when total_revenue_usd > 0 then {{ rate('concentrated_count', 'signed_count') }} end
            as concentration_rate,
        total_revenue_usd
    from counted

)

select * from final
