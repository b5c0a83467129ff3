with joint_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where attribution <> 'none' and outcome in ('open', 'won')

),

partners as (

    select * from {{ ref('dim_partners') }}

),

-- An open one in the month it is expected to close, a won one in the month it did.
placed as (

    select
        *,
        cast(date_trunc('month', case when is_open then expected_close_on else closed_on end) as date) as close_month
    from joint_opportunities

),

summed as (

    select
        close_month,
        primary_partner_id as partner_id,
        count(*) filter (where is_open) as open_opportunity_count,
        coalesce(sum(amount_usd) filter (where is_open), 0) as open_pipeline_usd,
        coalesce(sum(weighted_amount_usd), 0) as weighted_pipeline_usd,
        count(*) filter (where outcome = 'won') as won_count,
        coalesce(sum(amount_usd) filter (where outcome = 'won'), 0) as won_revenue_usd
    from placed
    group by close_month, primary_partner_id

),

final as (

    select
        summed.close_month,
        summed.partner_id,
        partners.name as partner_name,
        summed.open_opportunity_count,
        cast(summed.open_pipeline_usd as decimal(38, 2)) as open_pipeline_usd,
        cast(summed.weighted_pipeline_usd as decimal(38, 2)) as weighted_pipeline_usd,
        summed.won_count,
        cast(summed.won_revenue_usd as decimal(38, 2)) as won_revenue_usd,
        coalesce(summed.open_opportunity_count > 0 and summed.close_month < {{ as_of_month() }}, false) as is_past
    from summed
    inner join partners on summed.partner_id = partners.partner_id

)

select * from final
