with partners as (

    select * from {{ ref('dim_partners') }}
    where status = 'signed'

),

steps as (

    select * from {{ ref('partner_plan_steps') }}

),

progress as (

    select * from {{ ref('partner_plan_progress') }}

),

-- A step that is entered as done on a later day than the run's is not done yet.
planned as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.signed_on,
        steps.step,
        steps.step_number,
        steps.description,
        coalesce(progress.owner, partners.contact_owner) as owner,
        progress.note,
        cast(partners.signed_on + steps.due_days as date) as due_on,
        case when progress.done_on <= {{ as_of_date() }} then progress.done_on end as done_on
    from partners
    cross join steps
    left join progress on partners.partner_id = progress.partner_id and steps.step = progress.step

),

final as (

    select
        partner_id,
        partner_name,
        signed_on,
        step,
        step_number,
        description,
        owner,
        due_on,
        done_on,
        case
            when done_on is not null then 'done'
            when due_on is null then 'unknown'
            when due_on < {{ as_of_date() }} then 'overdue'
            else 'due'
        end as status,
        case when done_on is null and due_on < {{ as_of_date() }} then {{ as_of_date() }} - due_on end as days_overdue,
        note
    from planned

)

select * from final
