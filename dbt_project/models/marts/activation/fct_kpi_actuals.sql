with kpis as (

    select * from {{ ref('kpis') }}

),

kpi_rows as (

    select * from {{ ref('fct_kpi_rows') }}

),

final as (

    select
        kpi_rows.quarter_start,
        kpi_rows.partner_id,
        kpi_rows.kpi,
        cast(
            case when kpis.unit = 'usd' then sum(kpi_rows.amount_usd) else count(*) end as decimal(38, 2)
        ) as actual
    from kpi_rows
    inner join kpis on kpi_rows.kpi = kpis.kpi
    group by kpi_rows.quarter_start, kpi_rows.partner_id, kpi_rows.kpi, kpis.unit

)

select * from final
