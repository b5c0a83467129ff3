-- Records that have become another company, with who that company is on other lists: a renamed company, or a row that
-- was reused? Nobody can tell but a person.
with earlier_records as (

    select * from {{ ref('res_earlier_records') }}
    where not is_same_company

),

records as (

    select * from {{ ref('res_account_records') }}

),

counterparts as (

    select
        earlier_records.record_key,
        earlier_records.record_number,
        records.record_number as other_record_number
    from earlier_records
    inner join records
        on
            earlier_records.core_name = records.core_name
            and earlier_records.party_id <> records.party_id
            and (earlier_records.domain = records.domain or ({{ is_same_by_place('earlier_records', 'records') }}))
    where earlier_records.core_name <> ''
    {% for column in registration_columns() -%}
    union
    select
        earlier_records.record_key,
        earlier_records.record_number,
        records.record_number as other_record_number
    from earlier_records
    inner join records
        on
            earlier_records.{{ column }} = records.{{ column }}
            and earlier_records.party_id <> records.party_id
    {% endfor %}

),

final as (

    select
        least(record_number, other_record_number) as left_record_number,
        greatest(record_number, other_record_number) as right_record_number,
        min(record_key) as exchanged_record_key
    from counterparts
    group by least(record_number, other_record_number), greatest(record_number, other_record_number)

)

select * from final
