with recursive registry as (

    select * from {{ ref('res_account_registry') }}

),

key_changes as (

    select * from {{ ref('fct_account_key_changes') }}

),

keys as (

    select
        account_key,
        min(as_of_month) as first_month,
        max(as_of_month) as last_month,
        max(as_of_month) = {{ as_of_month() }} as is_current
    from registry
    group by account_key

),

-- The last that was heard of a key: who took its records over, or that they left.
last_changes as (

    select
        from_account_key,
        to_account_key,
        kind,
        cause
    from key_changes
    where is_successor or kind = 'retired'
    qualify row_number() over (
        partition by from_account_key
        order by as_of_month desc
    ) = 1

),

-- From a lost key to the next, each step in a later month than the one before, until one is in use or nothing is left.
steps as (

    select
        account_key,
        account_key as reached_account_key,
        0 as step_count
    from keys
    where not is_current
    union all
    select
        steps.account_key,
        last_changes.to_account_key as reached_account_key,
        steps.step_count + 1 as step_count
    from steps
    inner join keys on steps.reached_account_key = keys.account_key
    inner join last_changes on steps.reached_account_key = last_changes.from_account_key
    where not keys.is_current and last_changes.to_account_key is not null

),

last_steps as (

    select
        account_key,
        reached_account_key,
        step_count
    from steps
    qualify row_number() over (
        partition by account_key
        order by step_count desc
    ) = 1

),

final as (

    select
        keys.account_key,
        keys.first_month,
        keys.last_month,
        keys.is_current,
        cast(coalesce(last_steps.step_count, 0) as integer) as change_count,
        case
            when keys.is_current then keys.account_key
            when reached_keys.is_current then reached_keys.account_key
        end as current_account_key,
        case
            when reached_keys.is_current or coalesce(last_changes.kind <> 'retired', true) then null
            when last_changes.cause = 'changed record' then 'its records are of another company now'
            else 'its records left the lists'
        end as no_account_reason
    from keys
    left join last_steps on keys.account_key = last_steps.account_key
    left join keys as reached_keys on last_steps.reached_account_key = reached_keys.account_key
    left join last_changes on last_steps.reached_account_key = last_changes.from_account_key

)

select * from final
