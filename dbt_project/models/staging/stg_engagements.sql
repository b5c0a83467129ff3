with engagements as (

    select * from {{ source('raw', 'engagements') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'engagements'

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'engagements'

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

account_ids as (

    select * from {{ ref('stg_account_ids') }}

),

current_engagements as (

    select
        engagements.*,
        current_exports.is_stale
    from engagements
    inner join current_exports
        on
            engagements.party_id = current_exports.party_id
            and engagements.export_month = current_exports.export_month

),

unique_account_names as (

    {{ unique_account_names('current_engagements') }}

),

final as (

    select
        -- keys
        concat(current_engagements.party_id, ':', current_engagements.source_id) as engagement_key,
        current_engagements.party_id,
        current_engagements.source_id,
        {{ linked_record_key() }} as account_record_key,
        {{ text_value('current_engagements.account_source_id') }} as account_source_id,
        {{ text_value('current_engagements.account_name') }} as account_name,
        -- the engagement
        read_date(current_engagements.engagement_date, current_engagements.date_order) as engaged_on,
        mapped_partner.value as partner_id,
        mapped_activity.value as activity,
        mapped_engagement_type.value as engagement_type,
        mapped_outcome.value as outcome,
        {{ text_value('current_engagements.participants') }} as participants,
        {{ text_value('current_engagements.next_step') }} as next_step,
        {{ text_value('current_engagements.owner') }} as owner,
        -- the delivery
        current_engagements.export_month,
        current_engagements.is_stale,
        current_engagements.identical_row_count,
        current_engagements.file_name,
        current_engagements.sheet_name,
        current_engagements.row_number,
        current_engagements.source_system
    from current_engagements
    {{ join_account_links('current_engagements') }}
    {{ join_mapped_values('current_engagements', 'engagements', [
        'partner', 'activity', 'engagement_type', 'outcome',
    ]) }}

)

select * from final
