{{ config(materialized='view') }}

with seen_rows as (

    select * from {{ source('seen', 'quarter_rows') }}
    where quarter_start < {{ quarter_start() }}

),

final as (

    select
        as_of_month,
        quarter_start,
        partner_id,
        kpi,
        counted_key,
        counted_on,
        amount_usd
    from seen_rows

)

select * from final
