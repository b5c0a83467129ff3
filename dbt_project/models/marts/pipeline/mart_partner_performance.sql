with partners as (

    select * from {{ ref('dim_partners') }}

),

won_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome = 'won' and attribution <> 'none' and {{ is_in_trailing_year('closed_on') }}

),

account_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us' and fit_level in ('strong', 'moderate')

),

partner_surveys as (

    select * from {{ ref('partner_surveys') }}
    where quarter_start <= {{ as_of_month() }}

),

credits as (

    select
        won_opportunities.primary_partner_id as partner_id,
        count(*) as won_count,
        count(account_fits.account_key) as icp_deal_count,
        sum(won_opportunities.amount_usd) as credited_revenue_usd
    from won_opportunities
    left join account_fits on won_opportunities.account_key = account_fits.account_key
    group by won_opportunities.primary_partner_id

),

-- The last four quarters, this one included.
costs as (

    select
        partner_id,
        sum(enablement_cost_usd) as enablement_cost_usd
    from partner_surveys
    where quarter_start > {{ quarter_start() }} - interval '12 months'
    group by partner_id

),

last_surveys as (

    select
        partner_id,
        max(quarter_start) as satisfaction_quarter,
        max_by(satisfaction, quarter_start) as satisfaction
    from partner_surveys
    where satisfaction is not null
    group by partner_id

),

last_retentions as (

    select
        partner_id,
        max_by(retention_rate, quarter_start) as retention_rate
    from partner_surveys
    where retention_rate is not null
    group by partner_id

),

collected as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.status,
        last_surveys.satisfaction,
        last_surveys.satisfaction_quarter,
        last_retentions.retention_rate,
        costs.enablement_cost_usd,
        {{ if_delivered('opportunities', 'coalesce(credits.won_count, 0)') }} as won_count,
        {{ if_delivered('opportunities', 'coalesce(credits.icp_deal_count, 0)') }} as icp_deal_count,
        {{ if_delivered(
            'opportunities', 'case when credits.partner_id is null then 0 else credits.credited_revenue_usd end'
        ) }} as credited_revenue_usd
    from partners
    left join credits on partners.partner_id = credits.partner_id
    left join costs on partners.partner_id = costs.partner_id
    left join last_surveys on partners.partner_id = last_surveys.partner_id
    left join last_retentions on partners.partner_id = last_retentions.partner_id

),

final as (

    select
        partner_id,
        partner_name,
        status,
        won_count,
        icp_deal_count,
        cast(credited_revenue_usd as decimal(38, 2)) as credited_revenue_usd,
        satisfaction,
        satisfaction_quarter,
        retention_rate,
        cast(enablement_cost_usd as decimal(38, 2)) as enablement_cost_usd,
        {{ quotient('credited_revenue_usd', 'enablement_cost_usd', 6) }} - 1 as enablement_return_ratio
    from collected

)

select * from final
