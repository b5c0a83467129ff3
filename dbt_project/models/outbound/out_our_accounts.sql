with sharing as (

    select
        *,
        string_split(shared_fields, ';') as granted_fields
    from {{ ref('fct_account_sharing') }}
    where is_shown and not is_overlap

),

profiles as (

    select * from {{ ref('fct_our_account_profiles') }}

),

prepared as (

    select
        sharing.partner_id,
        sharing.granted_fields,
        profiles.account_name as our_account_name,
        profiles.website as our_website,
        profiles.country_code as our_country_code,
        profiles.city as our_city,
        profiles.industry as our_industry,
        profiles.employees as our_employees,
        profiles.our_status,
        profiles.owner as our_owner,
        row_number() over (partition by sharing.partner_id order by profiles.account_name, sharing.account_key)
            as account_number
    from sharing
    inner join profiles on sharing.account_key = profiles.account_key

),

final as (

    select
        {{ outbound_columns('granted_fields') }}
    from prepared

)

select * from final
