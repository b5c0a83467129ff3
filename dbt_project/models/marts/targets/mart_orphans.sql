with priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open and not is_excluded

),

account_plans as (

    select * from {{ ref('fct_account_plans') }}
    where coalesce(status, 'planned') not in ('done', 'dropped')

),

partners as (

    select * from {{ ref('dim_partners') }}

),

-- Whoever our lists, or the partners', know as an owner; a plan outlives who wrote it.
known_owners as (

    select lower(our_owner) as owner
    from accounts
    union
    select lower(owner) as owner
    from opportunities
    union
    select lower(contact_owner) as owner
    from partners

),

best_tiers as (

    select
        account_key,
        min(tier) as tier
    from priorities
    group by account_key

),

orphans as (

    select
        'account' as orphan,
        accounts.account_key as orphan_key,
        cast(null as varchar) as last_owner,
        accounts.account_key,
        cast(null as varchar) as partner_id,
        cast(null as decimal(38, 2)) as amount_usd,
        cast(null as date) as due_on
    from accounts
    inner join best_tiers on accounts.account_key = best_tiers.account_key
    where accounts.our_owner is null
    union all
    select
        'opportunity' as orphan,
        opportunity_key as orphan_key,
        cast(null as varchar) as last_owner,
        account_key,
        primary_partner_id as partner_id,
        amount_usd,
        expected_close_on as due_on
    from opportunities
    where owner is null
    union all
    select
        'plan' as orphan,
        account_plans.record_key as orphan_key,
        account_plans.owner as last_owner,
        account_plans.account_key,
        account_plans.partner_id,
        cast(null as decimal(38, 2)) as amount_usd,
        account_plans.due_on
    from account_plans
    left join known_owners on lower(account_plans.owner) = known_owners.owner
    where known_owners.owner is null

),

final as (

    select
        orphans.orphan,
        orphans.orphan_key,
        orphans.account_key,
        accounts.name as account_name,
        orphans.partner_id,
        orphans.last_owner,
        best_tiers.tier,
        orphans.amount_usd,
        orphans.due_on
    from orphans
    left join accounts on orphans.account_key = accounts.account_key
    left join best_tiers on orphans.account_key = best_tiers.account_key

)

select * from final
