-- What proposes pairs: records that share a key of a rule are looked at, all others never are. A key of one record
-- proposes nothing, nor does a key of too many.
with record_keys as (
    select * from {{ ref('res_record_keys') }}
),

numbered_keys as (
    select
        record_number,
        key_number,
        is_part,
        cast({{ rule_bit('rule') }} as integer) as rule_bit
    from record_keys
),

proposing_keys as (
    select
        key_number,
        count(*) as record_count
    from numbered_keys
    group by key_number
    having
        count(*) > 1
        and count(*) <= case
            when any_value(rule_bit) & {{ rule_bits(['registration', 'domain', 'name']) }} > 0
                then {{ var('strong_key_record_limit') }}
            else {{ var('weak_key_record_limit') }}
        end
),

-- A record may come to a key by two of its names.
final as (
    select
        numbered_keys.record_number,
        numbered_keys.key_number,
        numbered_keys.rule_bit,
        proposing_keys.record_count,
        bool_and(numbered_keys.is_part) as is_part
    from numbered_keys
    inner join proposing_keys
        on numbered_keys.key_number = proposing_keys.key_number
    group by
        numbered_keys.record_number, numbered_keys.key_number, numbered_keys.rule_bit, proposing_keys.record_count
)

select * from final
