-- Fails for a record of a list in use that no account holds, that several do, or that is no record at all.
with records as (

    select record_key from {{ ref('stg_accounts') }}

),

account_records as (

    select
        record_key,
        account_key
    from {{ ref('bridge_account_records') }}
    where account_key is not null

),

counted as (

    select
        coalesce(records.record_key, account_records.record_key) as record_key,
        records.record_key is not null as is_record,
        count(account_records.account_key) as account_count
    from records
    full join account_records on records.record_key = account_records.record_key
    group by records.record_key, account_records.record_key

)

select * from counted
where account_count <> 1 or not is_record
