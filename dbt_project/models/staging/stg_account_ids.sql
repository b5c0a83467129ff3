with accounts as (

    select * from {{ ref('stg_accounts') }}

),

-- What was merged into a record is still called by its old id in other lists.
merged_ids as (

    select * from {{ ref('stg_merged_ids') }}
    where record_key is not null

),

own_ids as (

    select
        party_id,
        source_id as account_id,
        record_key,
        {{ id_in_unit('source_id', 'business_unit') }} as id_in_unit
    from accounts

),

full_ids as (

    select
        party_id,
        account_id,
        record_key,
        false as is_merged
    from own_ids
    union all
    select
        party_id,
        account_id,
        record_key,
        true as is_merged
    from merged_ids

),

-- 00012345 is 12345 where a spreadsheet has eaten the zeros, Salesforce's long ids have a short form, and who names an
-- id of a business unit may leave the unit out.
written_otherwise as (

    select
        party_id,
        id_in_unit as account_id,
        record_key,
        false as is_merged
    from own_ids
    where id_in_unit <> account_id
    union all

    select
        party_id,
        {{ number_of_id('account_id') }} as account_id,
        record_key,
        is_merged
    from full_ids
    union all
    select
        party_id,
        {{ short_salesforce_id('account_id') }} as account_id,
        record_key,
        is_merged
    from full_ids

),

-- Unless the list has both.
other_forms as (

    select
        written_otherwise.party_id,
        written_otherwise.account_id,
        min(written_otherwise.record_key) as record_key,
        bool_and(written_otherwise.is_merged) as is_merged
    from written_otherwise
    left join full_ids
        on
            written_otherwise.party_id = full_ids.party_id
            and written_otherwise.account_id = full_ids.account_id
    where written_otherwise.account_id is not null and full_ids.account_id is null
    group by written_otherwise.party_id, written_otherwise.account_id
    having count(distinct written_otherwise.record_key) = 1

),

final as (

    select
        party_id,
        account_id,
        record_key,
        is_merged
    from full_ids
    union all
    select * from other_forms

)

select * from final
