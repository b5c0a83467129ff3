with partners as (

    select * from {{ ref('dim_partners') }}
    where status = 'signed'

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open or outcome = 'won' and coalesce(closed_on <= {{ as_of_date() }}, true)

),

credits as (

    select * from {{ ref('fct_opportunity_partners') }}
    where is_primary_credit

),

credited_deals as (

    select
        credits.partner_id,
        credits.credited_amount_usd,
        opportunities.is_open,
        credits.attribution = 'sourced' as is_sourced
    from credits
    inner join opportunities on credits.opportunity_key = opportunities.opportunity_key

),

credited as (

    select
        partner_id,
        count(*) filter (where not is_open) as credited_deal_count,
        count(*) filter (where is_sourced and not is_open) as sourced_deal_count,
        count(*) filter (where is_sourced and is_open) as sourced_open_count,
        sum(credited_amount_usd) filter (where not is_open) as credited_revenue_usd,
        sum(credited_amount_usd) filter (where is_sourced and not is_open) as sourced_revenue_usd,
        sum(credited_amount_usd) filter (where is_sourced and is_open) as sourced_open_pipeline_usd
    from credited_deals
    group by partner_id

),

ranked as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.signed_on,
        {%- for amount in ['credited_revenue', 'sourced_revenue', 'sourced_open_pipeline'] %}
        cast({{ if_delivered('opportunities', 'coalesce(credited.' ~ amount ~ '_usd, 0)') }} as decimal(38, 2))
            as {{ amount }}_usd,
        {%- endfor %}
        {%- for deals in ['credited_deal', 'sourced_deal', 'sourced_open'] %}
        {{ if_delivered('opportunities', 'coalesce(credited.' ~ deals ~ '_count, 0)') }} as {{ deals }}_count,
        {%- endfor %}
        row_number() over (
            order by coalesce(credited.sourced_revenue_usd, 0) desc, partners.partner_id asc
        ) as revenue_rank
    from partners
    left join credited on partners.partner_id = credited.partner_id

),

cumulated as (

    select
        *,
        sum(sourced_revenue_usd) over (order by revenue_rank) as cumulative_revenue_usd,
        sum(sourced_revenue_usd) over () as total_revenue_usd
    from ranked

),

final as (

    select
        partner_id,
        partner_name,
        signed_on,
        credited_deal_count,
        sourced_deal_count,
        sourced_open_count,
        sourced_deal_count + sourced_open_count > 0 as is_producer,
        credited_revenue_usd,
        sourced_revenue_usd,
        sourced_open_pipeline_usd,
        revenue_rank,
        {{ rate('cumulative_revenue_usd', 'total_revenue_usd') }} as cumulative_revenue_rate,
        {{ is_among_fewest('sourced_revenue_usd', 'cumulative_revenue_usd', 'total_revenue_usd') }}
            as is_in_concentration
    from cumulated

)

select * from final
