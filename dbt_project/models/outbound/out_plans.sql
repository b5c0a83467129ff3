with sharing as (

    select
        *,
        string_split(shared_fields, ';') as granted_fields
    from {{ ref('fct_account_sharing') }}
    where is_shown and is_overlap

),

plans as (

    select * from {{ ref('fct_account_plans') }}

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
        plans.initiator,
        plans.ask,
        plans.owner as plan_owner,
        plans.due_on,
        plans.status as plan_status
    from sharing
    inner join plans on sharing.account_key = plans.account_key and sharing.partner_id = plans.partner_id
    inner join profiles on sharing.account_key = profiles.account_key
    inner join partner_records
        on sharing.account_key = partner_records.account_key and sharing.partner_id = partner_records.party_id
    where list_contains(sharing.granted_fields, 'plan')

),

final as (

    select
        {{ outbound_columns('granted_fields') }}
    from prepared

)

select * from final
