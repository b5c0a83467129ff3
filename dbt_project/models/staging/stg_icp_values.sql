{#- What landing reads of an account and no rule looks at by itself, by the name of the delivered field. -#}
{%- set read_columns = {
    'state': 'state',
    'city': 'city',
    'owner': 'owner',
    'list_name': 'list_name',
    'priority': 'priority',
    'lifecycle_status': 'lifecycle_status',
    'competitor_strength': 'competitor_strength',
    'timing_signal': 'timing_signal',
    'relationship_strength': 'relationship_strength',
    'lifetime_value': 'lifetime_value_usd',
    'contract_renewal_date': 'contract_renewal_on',
    'churn_date': 'churned_on',
} -%}

with raw_accounts as (

    select * from {{ source('raw', 'accounts') }}
    where party_id = 'us' and extra is not null

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us' and object = 'accounts'

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where party_id = 'us'

),

fields as (

    select * from {{ ref('icp_fields') }}
    where delivered_column is not null

),

-- Every column that nothing reads, by its header.
unread_columns as (

    {{ unread_columns('raw_accounts', 'current_exports', 'fields') }}

),

delivered as (

    select
        unread_columns.record_key,
        unread_columns.decimal_mark,
        {{ mapping_key('entry.key') }} as column_key,
        {{ text_value('entry.value') }} as text_value
    from unread_columns
    {% for name, column in read_columns.items() %}
    union all
    select
        record_key,
        '.' as decimal_mark,
        '{{ name | replace('_', '') }}' as column_key,
        cast({{ column }} as varchar) as text_value
    from accounts
    {% endfor %}

),

final as (

    select
        delivered.record_key,
        fields.field,
        min(delivered.text_value) as text_value,
        min(
            case
                when fields.value_kind = 'number' then read_amount(delivered.text_value, delivered.decimal_mark)
            end
        ) as number_value
    from fields
    inner join delivered on {{ mapping_key('fields.delivered_column') }} = delivered.column_key
    where delivered.text_value is not null
    group by delivered.record_key, fields.field

)

select * from final
