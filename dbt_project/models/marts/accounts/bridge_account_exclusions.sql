with exclusions as (

    select * from {{ ref('stg_exclusions') }}
    where is_in_force

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

compared_records as (

    select * from {{ ref('res_account_records') }}

),

name_forms as (

    select * from {{ ref('res_name_forms') }}

),

host_domains as (

    select * from {{ ref('res_host_domains') }}

),

by_record as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'record' as matched_by
    from exclusions
    inner join account_records on exclusions.record_key = account_records.record_key

),

-- A domain that many companies share (free-mail, hosting) is null in resolution and takes hold of nobody.
by_domain as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'domain' as matched_by
    from exclusions
    inner join host_domains on exclusions.website_host = host_domains.website_host
    inner join compared_records on host_domains.domain = compared_records.domain
    inner join account_records on compared_records.record_key = account_records.record_key

),

-- Legal forms apart: a name that is kept from partners stays kept when a list writes Ltd behind it.
by_name as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'name' as matched_by
    from exclusions
    inner join name_forms on exclusions.account_name = name_forms.name
    inner join compared_records on name_forms.core_name = compared_records.core_name
    inner join account_records on compared_records.record_key = account_records.record_key
    where name_forms.core_name <> ''

),

-- One record is enough: an exclusion applies to the whole account, whatever its other records are called.
matches as (

    select * from by_record
    union all
    select * from by_domain
    union all
    select * from by_name

),

excluded_accounts as (

    select
        account_key,
        exclusion_id,
        max(case when matched_by = 'record' then 1 else 0 end) = 1 as is_matched_by_record,
        max(case when matched_by = 'domain' then 1 else 0 end) = 1 as is_matched_by_domain,
        max(case when matched_by = 'name' then 1 else 0 end) = 1 as is_matched_by_name
    from matches
    group by account_key, exclusion_id

),

final as (

    select
        excluded_accounts.account_key,
        excluded_accounts.exclusion_id,
        exclusions.partner_id,
        exclusions.reason,
        exclusions.excluded_by,
        exclusions.since,
        exclusions.until,
        excluded_accounts.is_matched_by_record,
        excluded_accounts.is_matched_by_domain,
        excluded_accounts.is_matched_by_name
    from excluded_accounts
    inner join exclusions on excluded_accounts.exclusion_id = exclusions.exclusion_id

)

select * from final
