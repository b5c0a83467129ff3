with partner_production as (

    select * from {{ ref('mart_partner_production') }}

),

-- Every partner thrice: among all, with those who signed about as long ago, and with those of its quarter.
scoped as (

    select
        *,
        'all' as scope,
        cast(null as date) as signed_quarter_start
    from partner_production
    union all
    select
        *,
        case
            when signed_on is null then 'undated'
            when signed_on > {{ as_of_date() }} - interval '12 months' then 'new'
            else 'historical'
        end as scope,
        cast(null as date) as signed_quarter_start
    from partner_production
    union all
    select
        *,
        'quarter' as scope,
        {{ quarter_of('signed_on') }} as signed_quarter_start
    from partner_production
    where signed_on is not null

),

cumulated as (

    select
        *,
        sum(sourced_revenue_usd) over (
            partition by scope, signed_quarter_start
            order by revenue_rank
        ) as cumulative_revenue_usd,
        sum(sourced_revenue_usd) over (partition by scope, signed_quarter_start) as scope_revenue_usd
    from scoped

),

-- What new partners are held against is said of none too.
scopes as (

    select
        listed.scope,
        cast(null as date) as signed_quarter_start
    from (values ('all'), ('new'), ('historical')) as listed (scope)
    union
    select
        scope,
        signed_quarter_start
    from scoped

),

counted as (

    select
        scopes.scope,
        scopes.signed_quarter_start,
        count(cumulated.partner_id) as signed_count,
        count(*) filter (where cumulated.is_producer) as producer_count,
        count(*) filter (where cumulated.sourced_deal_count > 0) as won_producer_count,
        count(*) filter (
            where
            {{ is_among_fewest(
                'cumulated.sourced_revenue_usd', 'cumulated.cumulative_revenue_usd', 'cumulated.scope_revenue_usd'
            ) }}
        ) as concentrated_count,
        coalesce(sum(cumulated.sourced_revenue_usd), 0) as sourced_revenue_usd,
        coalesce(sum(cumulated.credited_revenue_usd), 0) as total_revenue_usd
    from scopes
    left join cumulated
        on
            scopes.scope = cumulated.scope
            and scopes.signed_quarter_start is not distinct from cumulated.signed_quarter_start
    group by scopes.scope, scopes.signed_quarter_start

),

known as (

    select
        scope,
        signed_quarter_start,
        signed_count,
        {{ if_delivered('opportunities', 'producer_count') }} as producer_count,
        {{ if_delivered('opportunities', 'won_producer_count') }} as won_producer_count,
        {{ if_delivered('opportunities', 'concentrated_count') }} as concentrated_count,
        cast({{ if_delivered('opportunities', 'sourced_revenue_usd') }} as decimal(38, 2)) as sourced_revenue_usd,
        cast({{ if_delivered('opportunities', 'total_revenue_usd') }} as decimal(38, 2)) as total_revenue_usd
    from counted

),

final as (

    select
        scope,
        signed_quarter_start,
        signed_count,
        producer_count,
        won_producer_count,
        producer_count - won_producer_count as open_producer_count,
        {{ rate('producer_count', 'signed_count') }} as producing_rate,
        concentrated_count,
        case when sourced_revenue_usd > 0 then {{ rate('concentrated_count', 'signed_count') }} end
            as concentration_rate,
        sourced_revenue_usd,
        total_revenue_usd
    from known

)

select * from final
