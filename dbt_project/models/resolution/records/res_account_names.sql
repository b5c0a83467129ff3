-- Every name a record goes by: its own, those found in brackets or behind "d/b/a", and those it had in earlier months.
with records as (

    select * from {{ ref('res_account_records') }}

),

earlier_records as (

    select * from {{ ref('res_earlier_records') }}
    where is_same_company and core_name <> '' and not has_mixed_scripts

),

own_names as (

    select
        record_number,
        0 as name_number,
        core_name
    from records
    where core_name <> ''

),

listed_other_names as (

    select
        record_number,
        core_name,
        unnest(other_core_names) as other_core_name,
        generate_subscripts(other_core_names, 1) as name_number
    from records
    where len(other_core_names) > 0

),

other_names as (

    select
        record_number,
        name_number,
        other_core_name as core_name
    from listed_other_names
    where other_core_name <> core_name

),

-- The latest first.
earlier_names as (

    select
        earlier_records.record_number,
        earlier_records.core_name,
        {{ first_earlier_name_number() - 1 }} + row_number() over (
            partition by earlier_records.record_number
            order by max(earlier_records.until_month) desc, earlier_records.core_name asc
        ) as name_number
    from earlier_records
    inner join records
        on earlier_records.record_number = records.record_number
    where
        earlier_records.core_name <> records.core_name
        and not coalesce(list_contains(records.other_core_names, earlier_records.core_name), false)
    group by earlier_records.record_number, earlier_records.core_name

),

names as (

    select * from own_names
    union all
    select * from other_names
    union all
    select
        record_number,
        name_number,
        core_name
    from earlier_names
    where name_number < {{ first_earlier_name_number() }} + {{ var('earlier_names_per_record') }}

),

-- Names are joined by number, too.
distinct_names as (

    select
        core_name,
        cast(row_number() over (order by core_name) as integer) as core_number
    from names
    group by core_name

),

final as (

    select
        names.record_number,
        cast(names.name_number as utinyint) as name_number,
        distinct_names.core_number,
        names.core_name
    from names
    inner join distinct_names
        on names.core_name = distinct_names.core_name

)

select * from final
