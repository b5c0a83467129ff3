with files as (

    select * from {{ source('raw', 'files') }}

),

rejected_rows as (

    select * from {{ source('raw', 'rejected_rows') }}

),

rejected_values as (

    select * from {{ source('raw', 'rejected_values') }}

),

remarks as (

    select * from {{ source('raw', 'remarks') }}

),

refused_files as (

    select * from files
    where status <> 'landed'

),

-- Each table has its own columns, and lacks some; remarks are not refused, and to be known all the same.
refusals as (

    select
        *,
        'file' as refused
    from refused_files
    union all by name
    select
        *,
        'row' as refused,
        shown as delivered
    from rejected_rows
    union all by name
    select
        *,
        'value' as refused,
        shown as delivered
    from rejected_values
    union all by name
    select
        *,
        kind as refused,
        examples as delivered
    from remarks

),

final as (

    select
        refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        column_name,
        source_id,
        delivered,
        rule,
        reason,
        remedy,
        coalesce(record_count, 1) as record_count
    from refusals
    where export_month is null or export_month <= {{ as_of_month() }}

)

select * from final
