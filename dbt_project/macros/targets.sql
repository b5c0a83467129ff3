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
priorities_of_all_tiers as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }} and target_state in ('target', 'contacted')

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

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

priorities as (

    select * from priorities_of_all_tiers
    where tier = '{{ tier }}'

),

-- The amount of an account counts on one of its rows in the lists of all tiers: in its best tier, with the best partner
-- where that partner is there.
amount_rows as (

    select
        priorities.account_key,
        min_by(
            priorities.partner_id,
            row(
                priorities.tier,
                case when priorities.partner_id = best_partners.best_partner_id then 1 else 2 end,
                -priorities.priority_score,
                priorities.partner_id
            )
        ) as partner_id
    from priorities_of_all_tiers as priorities
    left join best_partners on priorities.account_key = best_partners.account_key
    group by priorities.account_key

),

open_amounts as (

    select
        account_key,
        sum(amount_usd) as open_amount_usd
    from opportunities
    where is_open
    group by account_key

),

described as (

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
        priorities.tier_basis,
        account_plans.note,
        first_plays.reason as play_reason,
        {%- for score, listed in [(3, 'strong_components'), (1, 'weak_components')] %}
        nullif(concat_ws(
            ', '
            {%- for component in priority_components() %},
            case
                when priorities.{{ component }}_level is not null and priorities.{{ component }}_score = {{ score }}
                    then '{{ component }}'
            end
            {%- endfor %}
        ), '') as {{ listed }},
        {%- endfor %}
        priorities.partner_id = amount_rows.partner_id as is_amount_counted_here,
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
    inner join amount_rows on priorities.account_key = amount_rows.account_key
    left join open_amounts on priorities.account_key = open_amounts.account_key
    left join account_plans
        on priorities.account_key = account_plans.account_key and priorities.partner_id = account_plans.partner_id
    left join first_plays
        on priorities.account_key = first_plays.account_key and priorities.partner_id = first_plays.partner_id
    left join plays on first_plays.play = plays.play

),

targets as (

    select
        *,
        case
            when is_amount_counted_here then joint_opportunity_amount_usd
            when joint_opportunity_amount_usd is not null then 0
        end as joint_opportunity_amount_counted_once_usd
    from described

)
{%- endmacro %}
