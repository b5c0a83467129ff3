with contacts as (

    select * from {{ source('raw', 'contacts') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'contacts'

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'contacts'

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

account_ids as (

    select * from {{ ref('stg_account_ids') }}

),

current_contacts as (

    select
        contacts.*,
        current_exports.is_stale
    from contacts
    inner join current_exports
        on
            contacts.party_id = current_exports.party_id
            and contacts.export_month = current_exports.export_month

),

unique_account_names as (

    {{ unique_account_names('current_contacts') }}

),

final as (

    select
        -- keys
        concat(current_contacts.party_id, ':', current_contacts.source_id) as contact_key,
        current_contacts.party_id,
        current_contacts.source_id,
        {{ linked_record_key() }} as account_record_key,
        {{ text_value('current_contacts.account_source_id') }} as account_source_id,
        {{ text_value('current_contacts.account_name') }} as account_name,
        -- the person
        coalesce(
            {{ text_value('current_contacts.name') }},
            {{ text_value("concat_ws(' ', current_contacts.first_name, current_contacts.last_name)") }}
        ) as name,
        {{ text_value('current_contacts.first_name') }} as first_name,
        {{ text_value('current_contacts.last_name') }} as last_name,
        {{ text_value('current_contacts.title') }} as title,
        mapped_seniority.value as seniority,
        mapped_function.value as function,
        lower({{ text_value('current_contacts.email') }}) as email,
        {{ text_value('current_contacts.phone') }} as phone,
        mapped_relationship_strength.value as relationship_strength,
        -- the delivery
        current_contacts.export_month,
        current_contacts.is_stale,
        current_contacts.identical_row_count,
        current_contacts.file_name,
        current_contacts.sheet_name,
        current_contacts.row_number,
        current_contacts.source_system
    from current_contacts
    {{ join_account_links('current_contacts') }}
    {{ join_mapped_values('current_contacts', 'contacts', [
        'seniority', 'function', 'relationship_strength',
    ]) }}

)

select * from final
