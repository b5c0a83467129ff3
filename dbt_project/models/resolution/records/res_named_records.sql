-- Of which records a person spoke: the record that was named, whatever its id is now, and others of the same company.
with named_records as (

    select * from {{ ref('stg_named_records') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

name_forms as (

    select * from {{ ref('res_name_forms') }}

),

host_domains as (

    select * from {{ ref('res_host_domains') }}

),

companies as (

    select
        named_records.named_record_key,
        named_records.named_on,
        named_records.party_id,
        named_records.record_key,
        named_records.is_merged,
        named_records.said_month,
        {{ comparable_company('named_records') }}
    from named_records
    left join name_forms
        on named_records.name = name_forms.name
    left join host_domains
        on named_records.website_host = host_domains.website_host

),

-- Where our own CRM has merged two records they are one company by our own word; what a partner merges must show it.
by_id as (

    select
        companies.named_record_key,
        companies.named_on,
        companies.record_key,
        case when companies.is_merged then 'merged id' else 'id' end as held_by,
        companies.said_month is null
        or (companies.is_merged and companies.party_id = 'us')
        or {{ is_recognisable('companies', 'records') }} as is_recognisable
    from companies
    inner join records
        on companies.record_key = records.record_key

),

same_companies as (

    select
        companies.named_record_key,
        companies.named_on,
        records.record_key
    from companies
    inner join records
        on
            companies.party_id = records.party_id
            and companies.core_name = records.core_name
            and (companies.domain = records.domain or ({{ is_same_by_place('companies', 'records') }}))
    where companies.said_month is not null and companies.core_name <> ''
    {% for column in registration_columns() -%}
    union
    select
        companies.named_record_key,
        companies.named_on,
        records.record_key
    from companies
    inner join records
        on
            companies.party_id = records.party_id
            and companies.{{ column }} = records.{{ column }}
    {% endfor %}

),

by_company as (

    select
        same_companies.named_record_key,
        same_companies.named_on,
        same_companies.record_key,
        'same company' as held_by,
        true as is_recognisable
    from same_companies
    left join by_id
        on
            same_companies.named_record_key = by_id.named_record_key
            and same_companies.named_on = by_id.named_on
            and same_companies.record_key = by_id.record_key
    where by_id.record_key is null

),

held as (

    select * from by_id
    union all
    select * from by_company

),

final as (

    select
        held.named_record_key,
        held.named_on,
        held.record_key,
        records.record_number,
        held.held_by,
        held.is_recognisable
    from held
    inner join records
        on held.record_key = records.record_key

)

select * from final
