{#- Fields of our accounts by which a policy can name a segment; any other is a column that nothing reads. -#}
{%- set own_fields = {
    'status': 'lifecycle_status', 'industry': 'industry', 'country': 'country_code', 'priority': 'priority',
    'list': 'list_name',
} -%}

with policies as (

    select * from {{ ref('sharing_policies') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}
    where party_id = 'us'

),

raw_accounts as (

    select * from {{ source('raw', 'accounts') }}
    where party_id = 'us' and extra is not null

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us' and object = 'accounts'

),

named_fields as (

    select distinct {{ mapping_key('segment_field') }} as segment_field
    from policies

),

unread_columns as (

    {{ unread_columns('raw_accounts', 'current_exports', 'named_fields') }}

),

described as (

    select
        unread_columns.record_key,
        {{ mapping_key('unread_columns.entry.key') }} as segment_field,
        {{ mapping_key('unread_columns.entry.value') }} as segment_value
    from unread_columns
    {% for field, column in own_fields.items() %}
    union all
    select
        record_key,
        '{{ field }}' as segment_field,
        {{ mapping_key(column) }} as segment_value
    from accounts
    {% endfor %}

),

final as (

    select distinct
        described.record_key,
        described.segment_field,
        described.segment_value
    from described
    inner join named_fields on described.segment_field = named_fields.segment_field
    where described.segment_value <> ''

)

select * from final
