with partners as (

    select * from {{ ref('dim_partners') }}
    where account_count is not null

),

account_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us'

),

activations as (

    select * from {{ ref('fct_account_activations') }}

),

closed_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome in ('won', 'lost') and {{ is_in_trailing_year('closed_on') }}

),

-- Every deal once per partner: at an account that the partner lists too, or not.
partner_deals as (

    select
        partners.partner_id,
        closed_opportunities.outcome,
        closed_opportunities.amount_usd,
        closed_opportunities.sales_cycle_days,
        activations.account_key is not null as has_partner_overlap,
        {{ icp_segment('account_fits.fit_level') }} as icp_segment
    from closed_opportunities
    cross join partners
    left join account_fits on closed_opportunities.account_key = account_fits.account_key
    left join activations
        on
            closed_opportunities.account_key = activations.account_key
            and partners.partner_id = activations.partner_id

),

counted as (

    select
        partner_id,
        icp_segment,
        has_partner_overlap,
        count(*) as closed_count,
        count(*) filter (where outcome = 'won') as won_count,
        {{ average('sales_cycle_days') }} as average_sales_cycle_days,
        {{ average('amount_usd', "outcome = 'won'") }} as average_deal_size_usd
    from partner_deals
    group by partner_id, icp_segment, has_partner_overlap

),

segments as (

    select
        partners.partner_id,
        partners.name as partner_name,
        listed.icp_segment,
        listed.segment_number,
        answers.has_partner_overlap
    from partners
    cross join (values ('icp', 1), ('non-icp', 2), ('unknown', 3)) as listed (icp_segment, segment_number)
    cross join (values (true), (false)) as answers (has_partner_overlap)

),

known as (

    select
        segments.*,
        counted.average_sales_cycle_days,
        counted.average_deal_size_usd,
        {{ if_delivered('opportunities', 'coalesce(counted.closed_count, 0)') }} as closed_count,
        {{ if_delivered('opportunities', 'coalesce(counted.won_count, 0)') }} as won_count
    from segments
    left join counted
        on
            segments.partner_id = counted.partner_id
            and segments.icp_segment = counted.icp_segment
            and segments.has_partner_overlap = counted.has_partner_overlap

),

final as (

    select
        partner_id,
        partner_name,
        icp_segment,
        segment_number,
        has_partner_overlap,
        closed_count,
        won_count,
        {{ rate('won_count', 'closed_count') }} as win_rate,
        cast(average_sales_cycle_days as decimal(18, 2)) as average_sales_cycle_days,
        average_deal_size_usd
    from known

)

select * from final
