with our_accounts as (

    select * from {{ ref('fct_our_accounts') }}
    where not is_excluded

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open and not is_excluded

),

reaches as (

    select cast(unnest([1, 2, 3]) as integer) as least_partner_count

),

account_totals as (

    select
        count(*) as our_account_count,
        count(*) filter (where is_icp_account) as our_icp_account_count,
        min(icp_basis) as icp_basis
    from our_accounts

),

opportunity_totals as (

    select
        count(*) as open_opportunity_count,
        coalesce(sum(amount_usd), 0) as open_pipeline_usd
    from opportunities

),

accounts_reached as (

    select
        reaches.least_partner_count,
        count(*) as reached_account_count,
        count(*) filter (where our_accounts.is_icp_account) as reached_icp_account_count
    from reaches
    inner join our_accounts on reaches.least_partner_count <= our_accounts.partner_count
    group by reaches.least_partner_count

),

opportunities_reached as (

    select
        reaches.least_partner_count,
        count(*) as reached_open_opportunity_count,
        coalesce(sum(opportunities.amount_usd), 0) as reached_open_pipeline_usd
    from reaches
    inner join our_accounts on reaches.least_partner_count <= our_accounts.partner_count
    inner join opportunities on our_accounts.account_key = opportunities.account_key
    group by reaches.least_partner_count

),

known as (

    select
        {% for figure in ['our_account_count', 'our_icp_account_count'] %}
        {{ if_delivered('accounts', 'account_totals.' ~ figure) }} as {{ figure }},
        {% endfor %}
        {% for figure in ['reached_account_count', 'reached_icp_account_count'] %}
        {{ if_delivered('accounts', 'coalesce(accounts_reached.' ~ figure ~ ', 0)') }} as {{ figure }},
        {% endfor %}
        {% for figure in ['open_opportunity_count', 'open_pipeline_usd'] %}
        {{ if_delivered('opportunities', 'opportunity_totals.' ~ figure) }} as {{ figure }},
        {% endfor %}
        {% for figure in ['reached_open_opportunity_count', 'reached_open_pipeline_usd'] %}
        {{ if_delivered('opportunities', 'coalesce(opportunities_reached.' ~ figure ~ ', 0)') }} as {{ figure }},
        {% endfor %}
        reaches.least_partner_count,
        account_totals.icp_basis
    from reaches
    cross join account_totals
    cross join opportunity_totals
    left join accounts_reached on reaches.least_partner_count = accounts_reached.least_partner_count
    left join opportunities_reached on reaches.least_partner_count = opportunities_reached.least_partner_count

),

final as (

    select
        least_partner_count,
        -- accounts
        our_account_count,
        reached_account_count,
        {{ rate('reached_account_count', 'our_account_count') }} as reached_account_rate,
        icp_basis,
        our_icp_account_count,
        reached_icp_account_count,
        {{ rate('reached_icp_account_count', 'our_icp_account_count') }} as reached_icp_account_rate,
        -- open pipeline
        open_opportunity_count,
        reached_open_opportunity_count,
        cast(open_pipeline_usd as decimal(38, 2)) as open_pipeline_usd,
        cast(reached_open_pipeline_usd as decimal(38, 2)) as reached_open_pipeline_usd,
        {{ rate('reached_open_pipeline_usd', 'open_pipeline_usd') }} as reached_open_pipeline_rate
    from known

)

select * from final
