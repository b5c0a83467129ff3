{{ config(materialized='view') }}

with seen_months as (

    select * from {{ source('seen', 'months') }}
    where as_of_month <= {{ as_of_month() }}

),

final as (

    select
        as_of_month,
        reloaded_month
    from seen_months

)

select * from final
