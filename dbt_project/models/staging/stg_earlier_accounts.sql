with accounts as (

    select * from {{ ref('stg_accounts') }}

),

-- stg_accounts lets no party in of which nothing may be built.
delivered_accounts as (

    select * from {{ source('raw', 'accounts') }}
    where
        export_month < {{ as_of_month() }}
        and export_month >= {{ as_of_month() }} - interval {{ var('earlier_months') }} month

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'accounts'

),

refused_columns as (

    {{ refused_columns('accounts', ['website']) }}

),

-- Most records say every month what they say today.
changed_records as (

    select distinct accounts.record_key
    from accounts
    inner join delivered_accounts
        on
            accounts.party_id = delivered_accounts.party_id
            and accounts.source_id = delivered_accounts.source_id
            and accounts.export_month > delivered_accounts.export_month
    where
        accounts.name is distinct from {{ text_value('delivered_accounts.name') }}
        or accounts.website is distinct from {{ text_value('delivered_accounts.website') }}
        {%- for column in registration_columns() %}
        or accounts.{{ column }} is distinct from {{ text_value('delivered_accounts.' ~ column) }}
        {%- endfor %}

),

rows_of_changed_records as (

    select
        delivered_accounts.*,
        accounts.record_key,
        lead(delivered_accounts.export_month, 1, accounts.export_month) over (
            partition by accounts.record_key
            order by delivered_accounts.export_month
        ) as next_month
    from changed_records
    inner join accounts
        on changed_records.record_key = accounts.record_key
    inner join delivered_accounts
        on
            accounts.party_id = delivered_accounts.party_id
            and accounts.source_id = delivered_accounts.source_id
            and accounts.export_month > delivered_accounts.export_month

),

said as (

    select
        rows_of_changed_records.record_key,
        rows_of_changed_records.export_month,
        rows_of_changed_records.next_month,
        {{ text_value('rows_of_changed_records.name') }} as name,
        {{ text_value('rows_of_changed_records.city') }} as city,
        {%- for column in registration_columns() %}
        {{ text_value('rows_of_changed_records.' ~ column) }} as {{ column }},
        {%- endfor %}
        mapped_country.value as country_code,
        read_website_host({{ accepted('rows_of_changed_records', 'website') }}) as website_host
    from rows_of_changed_records
    {{ join_refused_columns('rows_of_changed_records') }}
    {{ join_mapped_values('rows_of_changed_records', 'accounts', ['country']) }}

),

final as (

    select
        record_key,
        name,
        website_host,
        country_code,
        city,
        {%- for column in registration_columns() %}
        {{ column }},
        {%- endfor %}
        min(export_month) as first_month,
        max(next_month) as until_month
    from said
    group by all

)

select * from final
