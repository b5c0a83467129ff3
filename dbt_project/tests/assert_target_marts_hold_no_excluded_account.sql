{%- set pairs = [
    'fct_account_plans', 'fct_account_plays', 'mart_co_sell_list', 'mart_joint_targets', 'mart_secondary_targets',
    'mart_long_term_targets', 'mart_plan_gaps', 'mart_partner_only_accounts',
] -%}
{%- set best_partners = ['mart_best_partners', 'mart_account_conflicts'] -%}
-- Fails for a row of a target mart whose account an exclusion in force keeps from its partner.
with account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

targets as (

    select
        'fct_account_priorities' as mart,
        account_key,
        partner_id
    from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}
    {% for mart in pairs %}
    union all
    select
        '{{ mart }}' as mart,
        account_key,
        partner_id
    from {{ ref(mart) }}
    {% endfor %}
    {% for mart in best_partners %}
    union all
    select
        '{{ mart }}' as mart,
        account_key,
        best_partner_id as partner_id
    from {{ ref(mart) }}
    {% endfor %}

)

select
    targets.mart,
    targets.account_key,
    targets.partner_id,
    account_exclusions.exclusion_id
from targets
inner join account_exclusions
    on
        targets.account_key = account_exclusions.account_key
        and (account_exclusions.partner_id is null or targets.partner_id = account_exclusions.partner_id)
