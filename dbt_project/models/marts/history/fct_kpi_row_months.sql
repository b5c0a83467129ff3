{{ history() }}

with kpi_rows as (

    select * from {{ ref('fct_kpi_rows') }}
    where quarter_start = {{ quarter_start() }}

),

final as (

    select
        {{ as_of_month() }} as as_of_month,
        quarter_start,
        partner_id,
        kpi,
        counted_key,
        counted_on,
        amount_usd
    from kpi_rows

)

select * from final
