-- What proposes pairs: records that share a key of a rule are looked at, all others never are. A key of one record
-- proposes nothing, nor does a key of too many.
with record_keys as (

    select * from {{ ref('res_record_keys') }}

),

proposing_keys as (

    select
        key_number,
        count(*) as record_count
    from record_keys
    group by key_number
    having
        count(*) > 1
        and count(*) <= case
            when
                any_value(rule) in (
                    {% for rule in blocking_rules_that('is_strong') -%}
                    '{{ rule }}'{{ ',' if not loop.last }}
                    {% endfor %}
                )
                then {{ var('strong_key_record_limit') }}
            else {{ var('weak_key_record_limit') }}
        end

),

-- A record may come to a key by two of its names.
final as (

    select
        record_keys.record_number,
        record_keys.key_number,
        record_keys.rule,
        proposing_keys.record_count,
        bool_and(record_keys.is_part) as is_part
    from record_keys
    inner join proposing_keys
        on record_keys.key_number = proposing_keys.key_number
    group by record_keys.record_number, record_keys.key_number, record_keys.rule, proposing_keys.record_count

)

select * from final
