with account_records as (

    select * from {{ ref('bridge_account_records') }}

),

records as (

    select * from {{ ref('stg_accounts') }}

),

statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

-- A status nobody stated, or nobody mapped, counts as none: the record is on the list and says no more.
records_with_status as (

    select
        account_records.account_key,
        records.party_id,
        records.is_partner,
        records.is_stale,
        records.first_seen_month,
        records.export_month,
        records.delivered_on,
        statuses.precedence
    from account_records
    inner join records on account_records.record_key = records.record_key
    inner join statuses on coalesce(records.lifecycle_status, 'none') = statuses.lifecycle_status

),

aggregated as (

    select
        account_key,
        party_id,
        min(precedence) as precedence,
        count(*) as record_count,
        coalesce(bool_or(is_partner), false) as is_partner,
        bool_or(is_stale) as is_stale,
        min(first_seen_month) as first_seen_month,
        max(export_month) as export_month,
        min(delivered_on) as delivered_on
    from records_with_status
    group by account_key, party_id

),

final as (

    select
        aggregated.account_key,
        aggregated.party_id,
        statuses.lifecycle_status,
        aggregated.record_count,
        aggregated.is_partner,
        aggregated.is_stale,
        aggregated.first_seen_month,
        aggregated.export_month,
        aggregated.delivered_on
    from aggregated
    inner join statuses on aggregated.precedence = statuses.precedence

)

select * from final
