with match_decisions as (

    select * from {{ ref('stg_match_decisions') }}

),

exclusions as (

    select * from {{ ref('stg_exclusions') }}

),

plans as (

    select * from {{ ref('stg_plans') }}

),

account_shares as (

    select * from {{ ref('account_shares') }}

),

account_ids as (

    select * from {{ ref('stg_account_ids') }}

),

delivered_accounts as (

    select * from {{ source('raw', 'accounts') }}
    where export_month <= {{ as_of_month() }}

),

pruned_records as (

    select * from {{ source('raw', 'pruned_records') }}
    where first_seen_month <= {{ as_of_month() }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'accounts'

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'accounts'

),

refused_columns as (

    {{ refused_columns('accounts', ['website']) }}

),

named as (

    select
        left_record_key as named_record_key,
        decided_on as named_on
    from match_decisions
    union
    select
        right_record_key as named_record_key,
        decided_on as named_on
    from match_decisions
    union
    select
        record_key as named_record_key,
        since as named_on
    from exclusions
    where record_key is not null
    union
    select
        record_key as named_record_key,
        cast(null as date) as named_on
    from plans
    union
    select
        record_key as named_record_key,
        cast(null as date) as named_on
    from account_shares

),

named_ids as (

    select
        named_record_key,
        named_on,
        split_part(named_record_key, ':', 1) as party_id,
        substring(named_record_key, length(split_part(named_record_key, ':', 1)) + 2) as account_id
    from named

),

-- As the person wrote it, else as the list writes it.
written_ids as (

    select
        named_record_key,
        party_id,
        1 as form_number,
        account_id
    from named_ids
    union
    select
        named_record_key,
        party_id,
        2 as form_number,
        {{ short_salesforce_id('account_id') }} as account_id
    from named_ids
    union
    select
        named_record_key,
        party_id,
        3 as form_number,
        {{ number_of_id('account_id') }} as account_id
    from named_ids

),

todays_records as (

    select
        written_ids.named_record_key,
        account_ids.record_key,
        account_ids.is_merged
    from written_ids
    inner join account_ids
        on
            written_ids.party_id = account_ids.party_id
            and written_ids.account_id = account_ids.account_id
    qualify row_number() over (
        partition by written_ids.named_record_key
        order by written_ids.form_number
    ) = 1

),

known_ids as (

    select
        delivered_accounts.party_id,
        delivered_accounts.source_id
    from delivered_accounts
    inner join named_ids
        on
            delivered_accounts.party_id = named_ids.party_id
            and delivered_accounts.source_id = named_ids.account_id
    union
    select
        pruned_records.party_id,
        pruned_records.source_id
    from pruned_records
    inner join named_ids
        on
            pruned_records.party_id = named_ids.party_id
            and pruned_records.source_id = named_ids.account_id

),

-- What the record said in the list that was in use on the day; where none was, in the first that came.
named_rows as (

    select
        delivered_accounts.*,
        named_ids.named_record_key,
        named_ids.named_on
    from named_ids
    inner join delivered_accounts
        on
            named_ids.party_id = delivered_accounts.party_id
            and named_ids.account_id = delivered_accounts.source_id
    -- a party of which nothing may be built has no list in use
    inner join current_exports
        on
            delivered_accounts.party_id = current_exports.party_id
            and delivered_accounts.export_month <= current_exports.export_month
    where named_ids.named_on is not null
    qualify row_number() over (
        partition by named_ids.named_record_key, named_ids.named_on
        order by
            delivered_accounts.export_month > named_ids.named_on asc,
            abs(date_diff('day', delivered_accounts.export_month, named_ids.named_on)) asc
    ) = 1

),

said as (

    select
        named_rows.named_record_key,
        named_rows.named_on,
        named_rows.export_month as said_month,
        {{ text_value('named_rows.name') }} as name,
        read_website_host({{ accepted('named_rows', 'website') }}) as website_host,
        mapped_country.value as country_code,
        {{ text_value('named_rows.city') }} as city
        {%- for column in registration_columns() -%}
        , {{ text_value('named_rows.' ~ column) }} as {{ column }}
        {%- endfor %}
    from named_rows
    {{ join_refused_columns('named_rows') }}
    {{ join_mapped_values('named_rows', 'accounts', ['country']) }}

),

final as (

    select
        named_ids.named_record_key,
        named_ids.named_on,
        named_ids.party_id,
        todays_records.record_key,
        coalesce(todays_records.is_merged, false) as is_merged,
        todays_records.record_key is null and known_ids.source_id is null as is_unknown,
        said.said_month,
        said.name,
        said.website_host,
        said.country_code,
        said.city
        {%- for column in registration_columns() -%}
        , said.{{ column }}
        {%- endfor %}
    from named_ids
    left join todays_records
        on named_ids.named_record_key = todays_records.named_record_key
    left join known_ids
        on
            named_ids.party_id = known_ids.party_id
            and named_ids.account_id = known_ids.source_id
    left join said
        on
            named_ids.named_record_key = said.named_record_key
            and named_ids.named_on = said.named_on

)

select * from final
