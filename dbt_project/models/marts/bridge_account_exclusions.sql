with exclusions as (

    select * from {{ ref('stg_exclusions') }}
    where is_in_force

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

records as (

    select * from {{ ref('stg_accounts') }}

),

by_record as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'record' as matched_by
    from exclusions
    inner join account_records on exclusions.record_key = account_records.record_key

),

by_domain as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'domain' as matched_by
    from exclusions
    inner join records on exclusions.website_host = records.website_host
    inner join account_records on records.record_key = account_records.record_key

),

by_name as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'name' as matched_by
    from exclusions
    inner join records on {{ mapping_key('exclusions.account_name') }} = {{ mapping_key('records.name') }}
    inner join account_records on records.record_key = account_records.record_key

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
