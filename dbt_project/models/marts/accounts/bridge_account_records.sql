with records as (

    select * from {{ ref('stg_accounts') }}

),

clusters as (

    select * from {{ ref('res_account_clusters') }}

),

account_groups as (

    select * from {{ ref('res_account_groups') }}

),

-- A record without a cluster is kept and fails a test; an inner join would lose it in silence.
final as (

    select
        records.record_key,
        records.party_id,
        records.source_id,
        records.name,
        records.business_unit,
        clusters.account_key,
        account_groups.group_key,
        clusters.match_reason,
        clusters.match_probability
    from records
    left join clusters on records.record_key = clusters.record_key
    left join account_groups on clusters.account_key = account_groups.account_key

)

select * from final
