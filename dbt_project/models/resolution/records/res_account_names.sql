-- Every name a record goes by: its own, and those found in brackets or behind "d/b/a".
with records as (

    select * from {{ ref('res_account_records') }}

),

own_names as (

    select
        record_key,
        record_number,
        party_id,
        0 as name_number,
        core_name
    from records
    where core_name <> ''

),

listed_other_names as (

    select
        record_key,
        record_number,
        party_id,
        core_name,
        unnest(other_core_names) as other_core_name,
        generate_subscripts(other_core_names, 1) as name_number
    from records
    where len(other_core_names) > 0

),

other_names as (

    select
        record_key,
        record_number,
        party_id,
        name_number,
        other_core_name as core_name
    from listed_other_names
    where other_core_name <> core_name

),

final as (

    select * from own_names
    union all
    select * from other_names

)

select * from final
