-- Every name a record goes by: its own, and those found in brackets or behind "d/b/a".
with records as (

    select * from {{ ref('res_account_records') }}

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

names as (

    select * from own_names
    union all
    select * from other_names

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
