with account_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us'

),

activations as (

    select * from {{ ref('fct_account_activations') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where is_on_our_list

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

records as (

    select * from {{ ref('stg_accounts') }}
    where party_id = 'us'

),

closed_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome in ('won', 'lost') and {{ is_in_trailing_year('closed_on') }}

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us' and object = 'opportunities'

),

overlap_accounts as (

    select distinct account_key from activations

),

last_churns as (

    select
        account_records.account_key,
        max(records.churned_on) as churned_on
    from records
    inner join account_records on records.record_key = account_records.record_key
    group by account_records.account_key

),

segmented_accounts as (

    select
        accounts.account_key,
        {{ icp_segment('account_fits.fit_level') }} as icp_segment,
        overlap_accounts.account_key is not null as has_partner_overlap,
        accounts.our_status = 'customer' as is_customer,
        accounts.our_status = 'churned' and coalesce({{ is_in_trailing_year('last_churns.churned_on') }}, false)
            as is_churned
    from accounts
    left join account_fits on accounts.account_key = account_fits.account_key
    left join overlap_accounts on accounts.account_key = overlap_accounts.account_key
    left join last_churns on accounts.account_key = last_churns.account_key

),

-- A deal without an account is of no known segment.
segmented_deals as (

    select
        closed_opportunities.outcome,
        closed_opportunities.amount_usd,
        closed_opportunities.sales_cycle_days,
        coalesce(segmented_accounts.icp_segment, 'unknown') as icp_segment,
        coalesce(segmented_accounts.has_partner_overlap, false) as has_partner_overlap
    from closed_opportunities
    left join segmented_accounts on closed_opportunities.account_key = segmented_accounts.account_key

),

deals as (

    select
        icp_segment,
        has_partner_overlap,
        count(*) as closed_count,
        count(*) filter (where outcome = 'won') as won_count,
        {{ average('sales_cycle_days') }} as average_sales_cycle_days,
        {{ average('amount_usd', "outcome = 'won'") }} as average_deal_size_usd
    from segmented_deals
    group by icp_segment, has_partner_overlap

),

customers as (

    select
        icp_segment,
        has_partner_overlap,
        count(*) filter (where is_customer) as customer_count,
        count(*) filter (where is_churned) as churned_count
    from segmented_accounts
    group by icp_segment, has_partner_overlap

),

segments as (

    select
        listed.icp_segment,
        listed.segment_number,
        listed.has_partner_overlap,
        (select count(*) > 0 from our_lists) as has_opportunities
    from (
        values
        ('icp', 1, true),
        ('icp', 1, false),
        ('non-icp', 2, true),
        ('non-icp', 2, false),
        ('unknown', 3, true),
        ('unknown', 3, false)
    ) as listed (icp_segment, segment_number, has_partner_overlap)

),

counted as (

    select
        segments.icp_segment,
        segments.segment_number,
        segments.has_partner_overlap,
        deals.average_sales_cycle_days,
        deals.average_deal_size_usd,
        case when segments.has_opportunities then coalesce(deals.closed_count, 0) end as closed_count,
        case when segments.has_opportunities then coalesce(deals.won_count, 0) end as won_count,
        coalesce(customers.customer_count, 0) as customer_count,
        coalesce(customers.churned_count, 0) as churned_count
    from segments
    left join deals
        on segments.icp_segment = deals.icp_segment and segments.has_partner_overlap = deals.has_partner_overlap
    left join customers
        on
            segments.icp_segment = customers.icp_segment
            and segments.has_partner_overlap = customers.has_partner_overlap

),

final as (

    select
        icp_segment,
        segment_number,
        has_partner_overlap,
        -- deals
        closed_count,
        won_count,
        {{ rate('won_count', 'closed_count') }} as win_rate,
        cast(average_sales_cycle_days as decimal(18, 2)) as average_sales_cycle_days,
        average_deal_size_usd,
        -- customers
        customer_count,
        churned_count,
        {{ rate('churned_count', 'customer_count + churned_count') }} as churn_rate
    from counted

)

select * from final
