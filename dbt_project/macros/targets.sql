{# How targets are scored, ordered and shown. #}

{# What a priority is made of; the weight of each and the score of its levels are in seeds/reference, where any other
   component is refused. #}
{% macro priority_components() -%}
    {{ return(["relationship_strength", "icp_fit", "timing", "deal_size", "competition"]) }}
{%- endmacro %}

{# The order of targets: the higher priority, then what is known better, then the bigger deal. #}
{% macro priority_order(score="priority_score") -%}
    {{ score }} desc, missing_component_count asc, expected_deal_size_usd desc nulls last, account_key asc
{%- endmacro %}

{# The CTEs of one tier's list, up to `targets`: every account and partner of the tier that is still to be won together,
   contacted or not, described for people. #}
{% macro tier_targets(tier) -%}
priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }} and tier = '{{ tier }}' and target_state in ('target', 'contacted')

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

account_plans as (

    select * from {{ ref('fct_account_plans') }}

),

first_plays as (

    select * from {{ ref('fct_account_plays') }}
    where is_first

),

plays as (

    select * from {{ ref('plays') }}

),

open_amounts as (

    select
        account_key,
        sum(amount_usd) as open_amount_usd
    from opportunities
    where is_open
    group by account_key

),

targets as (

    select
        priorities.account_key,
        accounts.name as account_name,
        priorities.partner_id,
        partners.name as partner_name,
        accounts.industry,
        accounts.employees,
        accounts.employees_least,
        accounts.employees_most,
        account_overlaps.our_status,
        account_overlaps.partner_status,
        priorities.relationship_strength_level as relationship_level,
        priorities.timing_level,
        priorities.missing_components,
        priorities.priority_score,
        account_plans.note,
        nullif(concat_ws(
            ', '
            {%- for component in priority_components() %},
            case
                when priorities.{{ component }}_level is not null and priorities.{{ component }}_score = 1
                    then '{{ component }}'
            end
            {%- endfor %}
        ), '') as weak_components,
        cast(coalesce(open_amounts.open_amount_usd, priorities.expected_deal_size_usd) as decimal(38, 2))
            as joint_opportunity_amount_usd,
        case
            when open_amounts.open_amount_usd is not null then 'open opportunities'
            when priorities.expected_deal_size_usd is not null then 'expected deal size'
        end as amount_basis,
        coalesce(account_plans.owner, accounts.our_owner) as owner,
        case
            when priorities.target_state = 'contacted' or account_plans.status in ('started', 'done') then 'active'
            else 'pending'
        end as activity_status,
        coalesce(account_plans.next_step, plays.what_to_do) as next_step
    from priorities
    inner join account_overlaps
        on
            priorities.account_key = account_overlaps.account_key
            and priorities.partner_id = account_overlaps.partner_id
    inner join accounts on priorities.account_key = accounts.account_key
    inner join partners on priorities.partner_id = partners.partner_id
    left join open_amounts on priorities.account_key = open_amounts.account_key
    left join account_plans
        on priorities.account_key = account_plans.account_key and priorities.partner_id = account_plans.partner_id
    left join first_plays
        on priorities.account_key = first_plays.account_key and priorities.partner_id = first_plays.partner_id
    left join plays on first_plays.play = plays.play

)
{%- endmacro %}
