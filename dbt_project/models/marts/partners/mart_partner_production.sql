with partners as (

    select * from {{ ref('dim_partners') }}
    where status = 'signed'

),

won_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome = 'won' and coalesce(closed_on <= {{ as_of_date() }}, true)

),

credits as (

    select * from {{ ref('fct_opportunity_partners') }}
    where is_primary_credit

),

credited as (

    select
        credits.partner_id,
        count(*) as credited_deal_count,
        count(*) filter (where credits.attribution = 'sourced') as sourced_deal_count,
        sum(credits.credited_amount_usd) as credited_revenue_usd
    from credits
    inner join won_opportunities on credits.opportunity_key = won_opportunities.opportunity_key
    group by credits.partner_id

),

ranked as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.signed_on,
        cast({{ if_delivered('opportunities', 'coalesce(credited.credited_revenue_usd, 0)') }} as decimal(38, 2))
            as credited_revenue_usd,
        {{ if_delivered('opportunities', 'coalesce(credited.credited_deal_count, 0)') }} as credited_deal_count,
        {{ if_delivered('opportunities', 'coalesce(credited.sourced_deal_count, 0)') }} as sourced_deal_count,
        row_number() over (
            order by coalesce(credited.credited_revenue_usd, 0) desc, partners.partner_id asc
        ) as revenue_rank
    from partners
    left join credited on partners.partner_id = credited.partner_id

),

cumulated as (

    select
        *,
        sum(credited_revenue_usd) over (order by revenue_rank) as cumulative_revenue_usd,
        sum(credited_revenue_usd) over () as total_revenue_usd
    from ranked

),

-- The partner who lifts the sum over the mark is the last of the fewest that make it.
final as (

    select
        partner_id,
        partner_name,
        signed_on,
        credited_deal_count,
        sourced_deal_count,
        sourced_deal_count > 0 as is_producer,
        credited_revenue_usd,
        revenue_rank,
        {{ rate('cumulative_revenue_usd', 'total_revenue_usd') }} as cumulative_revenue_rate,
        credited_revenue_usd > 0
        and cumulative_revenue_usd - credited_revenue_usd < {{ var('concentration_rate') }} * total_revenue_usd
            as is_in_concentration
    from cumulated

)

select * from final
