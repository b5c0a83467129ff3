with kpi_targets as (

    select * from {{ ref('kpi_targets') }}

),

final as (

    select
        coalesce(period_start, {{ quarter_called('fiscal_quarter') }}) as quarter_start,
        partner_id,
        kpi,
        target
    from kpi_targets

)

select * from final
