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

plans as (

    select * from {{ ref('stg_plans') }}

),

contacts as (

    select * from {{ ref('stg_contacts') }}

),

-- Whoever any list has at the account is named in no plan that everybody reads.
contact_words as (

    {{ words_of_contacts('contacts', 'account_records') }}

),

-- A plan names a record, since that is what people see; it counts for the whole account. The one written down last
-- counts, before those of the seed, which have no day, and of these the one that is due last.
numbered_plans as (

    select
        plans.*,
        account_records.account_key,
        row_number() over (
            partition by account_records.account_key, plans.partner_id
            order by
                plans.decided_on desc nulls last,
                plans.due_on desc nulls last,
                plans.record_key asc,
                plans.owner asc,
                plans.initiator asc,
                plans.ask asc,
                plans.status asc,
                plans.next_step asc,
                plans.note asc,
                plans.is_agreed asc
        ) as plan_number
    from plans
    inner join named_records on plans.record_key = named_records.named_record_key
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
        numbered_plans.is_agreed,
        numbered_plans.decided_by,
        numbered_plans.decided_on,
        {{ without_words('numbered_plans.next_step', 'contact_words.words') }} as next_step,
        {{ without_words('numbered_plans.note', 'contact_words.words') }} as note
    from numbered_plans
    inner join priorities
        on
            numbered_plans.account_key = priorities.account_key
            and numbered_plans.partner_id = priorities.partner_id
    left join contact_words on numbered_plans.account_key = contact_words.account_key
    where numbered_plans.plan_number = 1

)

select * from final
