with engagements as (

    select * from {{ ref('stg_engagements') }}
    where party_id = 'us'

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

final as (

    select
        engagements.engagement_key,
        engagements.source_id,
        engagements.engaged_on,
        engagements.engaged_on > {{ as_of_date() }} as is_to_come,
        account_records.account_key,
        accounts.name as account_name,
        partners.partner_id,
        partners.name as partner_name,
        engagements.activity,
        engagements.engagement_type,
        engagements.participants,
        engagements.outcome,
        engagements.next_step,
        engagements.owner
    from engagements
    left join account_records on engagements.account_record_key = account_records.record_key
    left join accounts on account_records.account_key = accounts.account_key
    left join partners on engagements.partner_id = partners.partner_id

)

select * from final
