with accounts as (

    select * from {{ ref('stg_accounts') }}

),

own_ids as (

    select
        party_id,
        source_id as account_id,
        record_key
    from accounts

),

-- What was merged into a record is still called by its old id in other lists.
listed_ids as (

    select
        party_id,
        record_key,
        unnest({{ listed_words('merged_source_ids') }}) as account_id
    from accounts
    where merged_source_ids is not null

),

merged_ids as (

    select
        listed_ids.party_id,
        listed_ids.account_id,
        min(listed_ids.record_key) as record_key
    from listed_ids
    left join own_ids
        on
            listed_ids.party_id = own_ids.party_id
            and listed_ids.account_id = own_ids.account_id
    where own_ids.account_id is null
    group by listed_ids.party_id, listed_ids.account_id
    having count(distinct listed_ids.record_key) = 1

),

-- 00012345 is 12345 where a spreadsheet has eaten the zeros, unless the list has both.
numbers as (

    select
        party_id,
        concat('number ', ltrim(account_id, '0')) as account_id,
        min(record_key) as record_key
    from own_ids
    where translate(account_id, '0123456789', '') = ''
    group by party_id, ltrim(account_id, '0')
    having count(*) = 1

),

final as (

    select * from own_ids
    union all
    select
        party_id,
        account_id,
        record_key
    from merged_ids
    union all
    select * from numbers

)

select * from final
