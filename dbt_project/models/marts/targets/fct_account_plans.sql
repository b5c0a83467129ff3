with priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

named_records as (

    select * from {{ ref('stg_named_records') }}
    where named_on is null

),

activation_plan as (

    select * from {{ ref('activation_plan') }}

),

-- A plan names a record, since that is what people see; it counts for the whole account.
numbered_plans as (

    select
        activation_plan.*,
        account_records.account_key,
        row_number() over (
            partition by account_records.account_key, activation_plan.partner_id
            order by activation_plan.due_on desc, activation_plan.record_key asc
        ) as plan_number
    from activation_plan
    inner join named_records on activation_plan.record_key = named_records.named_record_key
    inner join account_records on named_records.record_key = account_records.record_key

),

final as (

    select
        priorities.account_key,
        priorities.partner_id,
        numbered_plans.record_key,
        numbered_plans.initiator,
        numbered_plans.ask,
        numbered_plans.owner,
        numbered_plans.due_on,
        numbered_plans.tracking_place,
        numbered_plans.status,
        numbered_plans.next_step,
        numbered_plans.note
    from numbered_plans
    inner join priorities
        on
            numbered_plans.account_key = priorities.account_key
            and numbered_plans.partner_id = priorities.partner_id
    where numbered_plans.plan_number = 1

)

select * from final
