with raw_plans as (

    select * from {{ source('raw', 'plans') }}
    where export_month <= {{ as_of_month() }}

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'plans'

),

activation_plan as (

    select * from {{ ref('activation_plan') }}

),

-- What is written down without a day counts from the end of the month it was delivered in.
delivered as (

    select
        coalesce(
            {{ text_value('raw_plans.record_key') }},
            concat(raw_plans.party_id, ':', {{ text_value('raw_plans.account_source_id') }})
        ) as record_key,
        mapped_partner.value as partner_id,
        mapped_initiator.value as initiator,
        mapped_ask.value as ask,
        {{ text_value('raw_plans.owner') }} as owner,
        read_date(raw_plans.due_on, raw_plans.date_order) as due_on,
        mapped_tracking_place.value as tracking_place,
        {{ text_value('raw_plans.status') }} as delivered_status,
        case when {{ text_value('raw_plans.status') }} is null then 'planned' else mapped_status.value end as status,
        read_boolean(raw_plans.agreed) as is_agreed,
        {{ text_value('raw_plans.next_step') }} as next_step,
        {{ text_value('raw_plans.note') }} as note,
        {{ text_value('raw_plans.decided_by') }} as decided_by,
        coalesce(read_date(raw_plans.decided_on, raw_plans.date_order), last_day(raw_plans.export_month)) as decided_on,
        raw_plans.export_month as delivered_month,
        raw_plans.file_name,
        raw_plans.sheet_name,
        raw_plans.row_number
    from raw_plans
    {{ join_mapped_values('raw_plans', 'plans', ['partner', 'initiator', 'ask', 'tracking_place', 'status']) }}

),

-- A row of the session sheet that nobody filled in plans nothing. A word for its state that nobody mapped is no state.
filled as (

    select *
    from delivered
    where
        partner_id is not null
        and coalesce(initiator, ask, owner, cast(due_on as varchar), delivered_status, cast(is_agreed as varchar))
        is not null

),

planned as (

    select
        record_key,
        partner_id,
        initiator,
        ask,
        owner,
        due_on,
        tracking_place,
        status,
        is_agreed,
        next_step,
        note,
        decided_by,
        decided_on,
        delivered_month,
        file_name,
        sheet_name,
        row_number
    from filled
    union all by name
    select
        record_key,
        partner_id,
        initiator,
        ask,
        owner,
        due_on,
        tracking_place,
        status,
        next_step,
        note,
        'seeds/company/activation_plan.csv' as file_name
    from activation_plan

),

-- A file that comes again month after month says nothing new.
final as (

    select *
    from planned
    qualify row_number() over (
        partition by
            record_key, partner_id, initiator, ask, owner, due_on, tracking_place, status, is_agreed, next_step, note,
            decided_by, decided_on
        order by delivered_month, file_name, sheet_name, row_number
    ) = 1

)

select * from final
