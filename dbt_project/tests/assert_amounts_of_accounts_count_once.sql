-- Fails for an account whose amount does not add up to itself over its rows in the lists of targets, or of conflicts,
-- or is not counted among the joint targets though the account is one of them.
with amounts as (

    {% for tier in ['joint', 'secondary'] %}
    select
        account_key,
        'targets' as listed,
        '{{ tier }}' as tier,
        joint_opportunity_amount_usd as amount_usd,
        joint_opportunity_amount_counted_once_usd as counted_once_usd
    from {{ ref('mart_' ~ tier ~ '_targets') }}
    union all
    {% endfor %}
    select
        account_key,
        'conflicts' as listed,
        'none' as tier,
        our_open_pipeline_usd as amount_usd,
        our_open_pipeline_counted_once_usd as counted_once_usd
    from {{ ref('mart_account_conflicts') }}

),

summed as (

    select
        account_key,
        listed,
        max(amount_usd) as amount_usd,
        sum(counted_once_usd) as counted_usd,
        sum(counted_once_usd) filter (where tier = 'joint') as counted_as_joint_usd,
        bool_or(tier = 'joint') as is_joint
    from amounts
    group by account_key, listed

)

select * from summed
where counted_usd is distinct from amount_usd or is_joint and counted_as_joint_usd is distinct from amount_usd
