with our_accounts as (

    select * from {{ ref('fct_our_accounts') }}
    where not is_excluded and partner_count > 0

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

),

account_plans as (

    select * from {{ ref('fct_account_plans') }}
    where coalesce(status, '') <> 'dropped'

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded

),

partner_customers as (

    select
        account_key,
        bool_or(partner_status = 'customer') as is_partner_customer
    from account_overlaps
    group by account_key

),

planned as (

    select
        account_key,
        min(due_on) as plan_due_on
    from account_plans
    group by account_key

),

occasions as (

    select
        *,
        'renewal' as occasion,
        contract_renewal_on as occasion_on
    from our_accounts
    where
        our_status = 'customer'
        and contract_renewal_on between {{ as_of_date() }} and {{ as_of_date() }} + {{ var('renewal_days') }}
    union all
    select
        *,
        'win-back' as occasion,
        churned_on as occasion_on
    from our_accounts
    where our_status = 'churned'

),

final as (

    select
        -- the occasion
        occasions.account_key,
        occasions.account_name,
        occasions.occasion,
        occasions.occasion_on,
        cast(occasions.occasion_on - {{ as_of_date() }} as integer) as days_ahead,
        -- what is at stake
        occasions.our_owner,
        occasions.priority,
        occasions.lifetime_value_usd,
        occasions.products_owned,
        -- who is there
        occasions.partner_count,
        partner_customers.is_partner_customer,
        best_partners.best_partner_id,
        best_partners.best_partner_name,
        best_partners.relationship_level,
        best_partners.why as why_this_partner,
        -- what is planned
        planned.account_key is not null as has_plan,
        planned.plan_due_on
    from occasions
    inner join best_partners on occasions.account_key = best_partners.account_key
    inner join partner_customers on occasions.account_key = partner_customers.account_key
    left join planned on occasions.account_key = planned.account_key

)

select * from final
