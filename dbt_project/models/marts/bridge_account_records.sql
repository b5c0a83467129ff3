with records as (

    select * from {{ ref('stg_accounts') }}

),

clusters as (

    select * from {{ ref('res_account_clusters') }}

),

-- A record without a cluster is kept and fails a test; an inner join would lose it in silence.
final as (

    select
        records.record_key,
        records.party_id,
        records.source_id,
        clusters.account_key,
        clusters.match_reason,
        clusters.match_probability
    from records
    left join clusters on records.record_key = clusters.record_key

)

select * from final
