with engagements as (

    select * from {{ ref('stg_engagements') }}
    where party_id = 'us'

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

partners as (

    select * from {{ ref('stg_partners') }}

),

-- Who took part is left out: a log of engagements names persons.
final as (

    select
        engagements.engagement_key,
        engagements.source_id,
        account_records.account_key,
        partners.party_id as partner_id,
        engagements.engaged_on,
        engagements.activity,
        engagements.engagement_type,
        list_contains({{ var('deep_engagement_types') }}, engagements.engagement_type) as is_deep,
        engagements.outcome,
        list_contains({{ var('positive_engagement_outcomes') }}, engagements.outcome) as is_positive,
        engagements.next_step,
        engagements.owner
    from engagements
    left join account_records on engagements.account_record_key = account_records.record_key
    left join partners on engagements.partner_id = partners.party_id

)

select * from final
