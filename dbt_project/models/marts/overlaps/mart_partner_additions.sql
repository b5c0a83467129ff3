with our_accounts as (

    select * from {{ ref('fct_our_accounts') }}
    where not is_excluded

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open and not is_excluded

),

partners as (

    select * from {{ ref('dim_partners') }}
    where list_status in ('current list', 'stale list')

),

account_totals as (

    select count(*) filter (where is_icp_account) as our_icp_account_count
    from our_accounts

),

opportunity_totals as (

    select coalesce(sum(amount_usd), 0) as open_pipeline_usd
    from opportunities

),

sole_accounts as (

    select
        only_partner_id as partner_id,
        count(*) as sole_account_count,
        count(*) filter (where is_icp_account) as sole_icp_account_count
    from our_accounts
    where only_partner_id is not null
    group by only_partner_id

),

sole_opportunities as (

    select
        our_accounts.only_partner_id as partner_id,
        count(*) as sole_open_opportunity_count,
        coalesce(sum(opportunities.amount_usd), 0) as sole_open_pipeline_usd
    from opportunities
    inner join our_accounts on opportunities.account_key = our_accounts.account_key
    where our_accounts.only_partner_id is not null
    group by our_accounts.only_partner_id

),

known as (

    select
        partners.partner_id,
        partners.name as partner_name,
        {% for figure in ['sole_account_count', 'sole_icp_account_count'] %}
        {{ if_delivered('accounts', 'coalesce(sole_accounts.' ~ figure ~ ', 0)') }} as {{ figure }},
        {% endfor %}
        {% for figure in ['sole_open_opportunity_count', 'sole_open_pipeline_usd'] %}
        {{ if_delivered('opportunities', 'coalesce(sole_opportunities.' ~ figure ~ ', 0)') }} as {{ figure }},
        {% endfor %}
        account_totals.our_icp_account_count,
        opportunity_totals.open_pipeline_usd
    from partners
    cross join account_totals
    cross join opportunity_totals
    left join sole_accounts on partners.partner_id = sole_accounts.partner_id
    left join sole_opportunities on partners.partner_id = sole_opportunities.partner_id

),

final as (

    select
        partner_id,
        partner_name,
        -- accounts
        sole_account_count,
        sole_icp_account_count,
        {{ rate('sole_icp_account_count', 'our_icp_account_count') }} as sole_icp_account_rate,
        -- open pipeline
        sole_open_opportunity_count,
        cast(sole_open_pipeline_usd as decimal(38, 2)) as sole_open_pipeline_usd,
        {{ rate('sole_open_pipeline_usd', 'open_pipeline_usd') }} as sole_open_pipeline_rate
    from known

)

select * from final
