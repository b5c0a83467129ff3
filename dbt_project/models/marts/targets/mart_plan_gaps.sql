with priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

account_plans as (

    select * from {{ ref('fct_account_plans') }}
    where coalesce(status, '') <> 'dropped'

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

-- With whom an account is planned matters less than that it is: a plan with any partner will do.
planned_accounts as (

    select distinct account_key from account_plans

),

gaps as (

    select
        'no plan' as gap,
        priorities.account_key,
        priorities.partner_id,
        cast(null as varchar) as plan_owner,
        cast(null as varchar) as plan_status,
        cast(null as date) as due_on,
        cast(null as varchar) as next_step
    from priorities
    left join planned_accounts on priorities.account_key = planned_accounts.account_key
    where priorities.is_focused and planned_accounts.account_key is null
    union all
    select
        case
            when due_on < {{ as_of_date() }} then 'past its day'
            when not is_agreed then 'not agreed'
            when due_on is null then 'no day'
        end as gap,
        account_key,
        partner_id,
        owner as plan_owner,
        status as plan_status,
        due_on,
        next_step
    from account_plans
    where coalesce(status, '') <> 'done'

),

final as (

    select
        gaps.gap,
        gaps.account_key,
        accounts.name as account_name,
        gaps.partner_id,
        partners.name as partner_name,
        coalesce(gaps.plan_owner, accounts.our_owner) as owner,
        priorities.tier,
        priorities.priority_score,
        priorities.focus_rank,
        gaps.plan_status,
        gaps.due_on,
        gaps.next_step,
        case when gaps.gap = 'past its day' then {{ as_of_date() }} - gaps.due_on end as days_past
    from gaps
    inner join priorities on gaps.account_key = priorities.account_key and gaps.partner_id = priorities.partner_id
    inner join accounts on gaps.account_key = accounts.account_key
    inner join partners on gaps.partner_id = partners.partner_id
    where gaps.gap is not null

)

select * from final
