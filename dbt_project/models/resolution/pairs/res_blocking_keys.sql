-- What proposes pairs: records that share a key of a rule are looked at, all others never are. A key of too many
-- proposes nothing, and what counts is how many records the two lists have that a pair is of: so nobody hides another's
-- matches behind rows of their own. Where partners are paired with each other the limit holds for all of them together,
-- those with the fewest records first.
with record_keys as (

    select * from {{ ref('res_record_keys') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

shared_keys as (

    select key_number
    from record_keys
    group by key_number
    having count(*) > 1

),

-- A record may come to a key by two of its names.
party_keys as (

    select
        record_keys.record_number,
        record_keys.key_number,
        record_keys.rule,
        records.party_id,
        bool_and(record_keys.is_part) as is_part
    from record_keys
    inner join shared_keys
        on record_keys.key_number = shared_keys.key_number
    inner join records
        on record_keys.record_number = records.record_number
    group by record_keys.record_number, record_keys.key_number, record_keys.rule, records.party_id

),

party_counts as (

    select
        key_number,
        party_id,
        {{ key_record_limit('any_value(rule)') }} as record_limit,
        count(*) as record_count
    from party_keys
    group by key_number, party_id

),

added_up as (

    select
        *,
        case
            when party_id <> 'us'
                then sum(record_count) over (
                    partition by key_number, party_id = 'us'
                    order by record_count, party_id
                    rows unbounded preceding
                )
        end as partner_record_count,
        count(*) over (partition by key_number) as party_count
    from party_counts
    where record_count <= record_limit

),

final as (

    select
        party_keys.record_number,
        party_keys.party_id,
        party_keys.key_number,
        party_keys.rule,
        party_keys.is_part,
        added_up.record_limit,
        added_up.record_count,
        coalesce(added_up.partner_record_count <= added_up.record_limit, false) as is_among_partners
    from party_keys
    inner join added_up
        on
            party_keys.key_number = added_up.key_number
            and party_keys.party_id = added_up.party_id
    where added_up.party_count > 1 or added_up.record_count > 1

)

select * from final
