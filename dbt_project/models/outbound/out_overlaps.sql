with sharing as (

    select
        *,
        string_split(shared_fields, ';') as granted_fields
    from {{ ref('fct_account_sharing') }}
    where is_shown and is_overlap

),

profiles as (

    select * from {{ ref('fct_our_account_profiles') }}

),

partner_records as (

    select * from {{ ref('bridge_account_records') }}

),

prepared as (

    select
        sharing.partner_id,
        sharing.granted_fields,
        partner_records.source_id as your_id,
        partner_records.name as your_account_name,
        profiles.account_name as our_account_name,
        profiles.website as our_website,
        profiles.country_code as our_country_code,
        profiles.city as our_city,
        profiles.industry as our_industry,
        profiles.employees as our_employees,
        profiles.our_status,
        profiles.owner as our_owner,
        profiles.timing_signal as our_timing_signal,
        profiles.open_stage as our_open_stage,
        profiles.open_pipeline_usd as our_open_pipeline_usd,
        profiles.expected_deal_size_usd as our_expected_deal_size_usd,
        profiles.contract_renewal_on as our_contract_renewal_on
    from sharing
    inner join profiles on sharing.account_key = profiles.account_key
    inner join partner_records
        on sharing.account_key = partner_records.account_key and sharing.partner_id = partner_records.party_id

),

final as (

    select
        {{ outbound_columns('granted_fields') }}
    from prepared

)

select * from final
