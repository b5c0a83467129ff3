-- The group of each account. Its key is the key of the account that has been known longest, so it stays while that
-- account does, and an old one is looked up like any account key.
with account_clusters as (

    select * from {{ ref('res_account_clusters') }}

),

registry as (

    select * from {{ ref('res_account_registry') }}

),

group_links as (

    select * from {{ ref('res_group_links') }}

),

account_parents as (

    select * from {{ ref('res_account_parents') }}

),

accounts as (

    select distinct account_key
    from account_clusters

),

-- Hardly an account is linked to another; every other one is a group by itself.
members as (

    select
        left_account_key as account_key,
        left_group_number as group_number
    from group_links
    where left_group_number is not null
    union
    select
        right_account_key as account_key,
        right_group_number as group_number
    from group_links
    where right_group_number is not null

),

first_months as (

    select
        account_key,
        min(as_of_month) as first_month
    from registry
    where account_key in (select members.account_key from members)
    group by account_key

),

grouped as (

    select
        members.account_key,
        members.group_number,
        first_months.first_month
    from members
    left join first_months
        on members.account_key = first_months.account_key

),

keyed as (

    select
        account_key,
        first_value(account_key) over (
            partition by group_number
            order by first_month, account_key
        ) as group_key,
        count(*) over (partition by group_number) as group_account_count
    from grouped

),

-- The account at the top, where it is of the group and lists agree on it.
tops as (

    select
        members.group_key,
        min(account_parents.ultimate_parent_account_key) as ultimate_parent_account_key
    from keyed as members
    inner join account_parents
        on members.account_key = account_parents.account_key
    inner join keyed as parents
        on
            account_parents.ultimate_parent_account_key = parents.account_key
            and members.group_key = parents.group_key
    group by members.group_key
    having count(distinct account_parents.ultimate_parent_account_key) = 1

),

final as (

    select
        accounts.account_key,
        tops.ultimate_parent_account_key,
        coalesce(keyed.group_key, accounts.account_key) as group_key,
        coalesce(keyed.group_account_count, 1) as group_account_count
    from accounts
    left join keyed
        on accounts.account_key = keyed.account_key
    left join tops
        on keyed.group_key = tops.group_key

)

select * from final
