with activations as (

    select * from {{ ref('fct_account_activations') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

account_priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

untouched as (

    select
        owner,
        count(*) as untouched_count
    from activations
    where is_untouched
    group by owner

),

final as (

    select
        activations.owner,
        activations.account_key,
        accounts.name as account_name,
        activations.partner_id,
        partners.name as partner_name,
        activations.mapped_on,
        activations.due_on,
        activations.deadline,
        activations.days_overdue,
        account_priorities.tier,
        coalesce(untouched.untouched_count, 0) as owner_untouched_count
    from activations
    inner join accounts on activations.account_key = accounts.account_key
    inner join partners on activations.partner_id = partners.partner_id
    left join account_priorities
        on
            activations.account_key = account_priorities.account_key
            and activations.partner_id = account_priorities.partner_id
    left join untouched on activations.owner is not distinct from untouched.owner
    where activations.is_overdue

)

select * from final
