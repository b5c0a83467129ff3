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

    select
        'file' as refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        cast(null as bigint) as row_number,
        cast(null as varchar) as column_name,
        cast(null as varchar) as source_id,
        cast(null as varchar) as delivered,
        cast(1 as bigint) as record_count,
        rule,
        reason,
        remedy
    from files
    where status <> 'landed'

),

refused_rows as (

    select
        'row' as refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        column_name,
        cast(null as varchar) as source_id,
        shown as delivered,
        cast(1 as bigint) as record_count,
        rule,
        reason,
        remedy
    from rejected_rows

),

refused_values as (

    select
        'value' as refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        column_name,
        source_id,
        shown as delivered,
        cast(1 as bigint) as record_count,
        rule,
        reason,
        remedy
    from rejected_values

),

-- Not refused, and to be known all the same.
noted as (

    select
        kind as refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        column_name,
        cast(null as varchar) as source_id,
        examples as delivered,
        coalesce(record_count, 1) as record_count,
        rule,
        reason,
        remedy
    from remarks

),

refusals as (

    select * from refused_files
    union all
    select * from refused_rows
    union all
    select * from refused_values
    union all
    select * from noted

),

final as (

    select * from refusals
    where export_month is null or export_month <= {{ as_of_month() }}

)

select * from final
