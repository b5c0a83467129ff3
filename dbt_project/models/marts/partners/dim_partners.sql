with partners as (

    select * from {{ ref('stg_partners') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'accounts'

),

account_parties as (

    select * from {{ ref('bridge_account_parties') }}

),

list_sizes as (

    select
        party_id,
        cast(sum(record_count) as bigint) as record_count,
        count(*) as account_count
    from account_parties
    group by party_id

),

final as (

    select
        partners.party_id as partner_id,
        partners.name,
        partners.status,
        partners.signed_on,
        partners.nda_signed_on,
        partners.has_nda,
        current_exports.export_month as list_month,
        partners.website,
        partners.motion,
        partners.segments,
        partners.seller_count,
        partners.sharing_level,
        partners.refresh_cadence,
        partners.contact_owner,
        case
            when partners.withdrawn_on is not null then 'withdrawn'
            when not partners.has_nda then 'no nda'
            when current_exports.party_id is null then 'no list'
            when current_exports.is_stale then 'stale list'
            else 'current list'
        end as list_status,
        coalesce(current_exports.is_stale, false) as is_stale,
        coalesce(list_sizes.record_count, 0) as record_count,
        case when current_exports.party_id is not null then coalesce(list_sizes.account_count, 0) end as account_count
    from partners
    left join current_exports on partners.party_id = current_exports.party_id
    left join list_sizes on partners.party_id = list_sizes.party_id

)

select * from final
