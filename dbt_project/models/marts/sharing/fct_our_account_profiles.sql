{#- What our own records say, by the name it has here; of amounts the largest counts, else the freshest record's. -#}
{%- set values = {
    'account_name': 'name', 'website': 'website', 'country_code': 'country_code', 'city': 'city', 'industry': 'industry',
    'employees': 'employees', 'owner': 'owner', 'timing_signal': 'timing_signal',
} -%}

with account_records as (

    select * from {{ ref('bridge_account_records') }}
    where party_id = 'us'

),

records as (

    select * from {{ ref('stg_accounts') }}
    where party_id = 'us'

),

account_parties as (

    select * from {{ ref('bridge_account_parties') }}
    where party_id = 'us'

),

our_accounts as (

    select * from {{ ref('fct_our_accounts') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open

),

stages as (

    select * from {{ ref('opportunity_stages') }}

),

ranked as (

    select
        records.*,
        account_records.account_key,
        row_number() over (
            partition by account_records.account_key
            order by records.modified_on desc nulls last, records.record_key asc
        ) as record_rank
    from account_records
    inner join records on account_records.record_key = records.record_key

),

chosen as (

    select
        account_key,
        {% for name, column in values.items() %}
        arg_min({{ column }}, record_rank) filter (where {{ column }} is not null) as {{ name }},
        {% endfor %}
        max(expected_deal_size_usd) as expected_deal_size_usd
    from ranked
    group by account_key

),

open_deals as (

    select
        opportunities.account_key,
        sum(opportunities.amount_usd) as open_pipeline_usd,
        arg_max(opportunities.stage, stages.stage_number) as open_stage
    from opportunities
    left join stages on opportunities.stage = stages.stage
    group by opportunities.account_key

),

final as (

    select
        chosen.account_key,
        {% for name in values %}
        chosen.{{ name }},
        {% endfor %}
        account_parties.lifecycle_status as our_status,
        open_deals.open_stage,
        our_accounts.contract_renewal_on,
        cast(open_deals.open_pipeline_usd as decimal(38, 2)) as open_pipeline_usd,
        cast(chosen.expected_deal_size_usd as decimal(38, 2)) as expected_deal_size_usd
    from chosen
    inner join account_parties on chosen.account_key = account_parties.account_key
    left join our_accounts on chosen.account_key = our_accounts.account_key
    left join open_deals on chosen.account_key = open_deals.account_key

)

select * from final
