-- Fails for an account whose amount does not add up to itself over its joint and secondary rows, or is not counted
-- among the joint ones though the account is one of them.
with targets as (

    {% for tier in ['joint', 'secondary'] %}
    select
        account_key,
        '{{ tier }}' as tier,
        joint_opportunity_amount_usd,
        joint_opportunity_amount_counted_once_usd
    from {{ ref('mart_' ~ tier ~ '_targets') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

summed as (

    select
        account_key,
        max(joint_opportunity_amount_usd) as amount_usd,
        sum(joint_opportunity_amount_counted_once_usd) as counted_usd,
        sum(joint_opportunity_amount_counted_once_usd) filter (where tier = 'joint') as counted_as_joint_usd,
        bool_or(tier = 'joint') as is_joint
    from targets
    group by account_key

)

select * from summed
where counted_usd is distinct from amount_usd or is_joint and counted_as_joint_usd is distinct from amount_usd
