with our_accounts as (

    select * from {{ ref('fct_our_accounts') }}
    where priority is not null and not is_excluded

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

),

account_plans as (

    select * from {{ ref('fct_account_plans') }}
    where coalesce(status, '') <> 'dropped'

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open

),

planned as (

    select
        account_key,
        min(due_on) as plan_due_on
    from account_plans
    group by account_key

),

open_pipeline as (

    select
        account_key,
        sum(amount_usd) as open_pipeline_usd
    from opportunities
    group by account_key

),

final as (

    select
        -- the account
        our_accounts.account_key,
        our_accounts.account_name,
        our_accounts.priority,
        our_accounts.our_status,
        our_accounts.our_owner,
        our_accounts.is_icp_account,
        our_accounts.lifetime_value_usd,
        cast(
            {{ if_delivered(
                'opportunities',
                'case when open_pipeline.account_key is null then 0 else open_pipeline.open_pipeline_usd end'
            ) }} as decimal(38, 2)
        ) as open_pipeline_usd,
        -- who is there
        our_accounts.partner_count,
        best_partners.best_partner_id,
        best_partners.best_partner_name,
        best_partners.relationship_level,
        -- what is planned
        planned.account_key is not null as has_plan,
        planned.plan_due_on
    from our_accounts
    left join best_partners on our_accounts.account_key = best_partners.account_key
    left join planned on our_accounts.account_key = planned.account_key
    left join open_pipeline on our_accounts.account_key = open_pipeline.account_key

)

select * from final
