{{ config(materialized='view') }}

with seen_figures as (

    select * from {{ source('seen', 'quarter_figures') }}
    where quarter_start < {{ quarter_start() }}

),

final as (

    select
        as_of_month,
        mart,
        figure,
        partner_id,
        as_of_on,
        quarter_start,
        fiscal_quarter,
        period,
        unit,
        value
    from seen_figures

)

select * from final
