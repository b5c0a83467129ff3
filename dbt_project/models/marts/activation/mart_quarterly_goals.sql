with kpis as (

    select * from {{ ref('kpis') }}
    where is_quarterly_goal

),

kpi_targets as (

    select * from {{ ref('stg_kpi_targets') }}
    where partner_id is null

),

kpi_actuals as (

    select * from {{ ref('fct_kpi_actuals') }}
    where partner_id = 'all'

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us'

),

quarters as (

    select distinct kpi_targets.quarter_start
    from kpi_targets
    inner join kpis on kpi_targets.kpi = kpis.kpi

),

compared as (

    select
        quarters.quarter_start,
        kpis.kpi as goal,
        kpis.kpi_number as goal_number,
        kpis.unit,
        kpi_targets.target,
        case when kpi_actuals.kpi is null then 0 else kpi_actuals.actual end as counted,
        case
            when quarters.quarter_start > {{ quarter_start() }} then 'the quarter has not begun'
            when our_lists.object is null then 'we have delivered no ' || kpis.counted_from
            when our_lists.export_month < quarters.quarter_start
                then 'our list of ' || kpis.counted_from || ' is older than the quarter'
            when kpi_actuals.kpi is not null and kpi_actuals.actual is null then 'no amount is known'
        end as why_unknown
    from quarters
    cross join kpis
    left join kpi_targets on quarters.quarter_start = kpi_targets.quarter_start and kpis.kpi = kpi_targets.kpi
    left join kpi_actuals on quarters.quarter_start = kpi_actuals.quarter_start and kpis.kpi = kpi_actuals.kpi
    left join our_lists on kpis.counted_from = our_lists.object

),

rated as (

    select
        *,
        case when why_unknown is null then counted end as actual,
        case when why_unknown is null then {{ quotient('counted', 'target', 6) }} end as attainment_ratio
    from compared

),

final as (

    select
        quarter_start,
        {{ quarter_label('quarter_start') }} as fiscal_quarter,
        goal,
        goal_number,
        unit,
        target,
        actual,
        attainment_ratio,
        case
            when quarter_start > {{ quarter_start() }} then 'not begun'
            when why_unknown is not null then 'unknown'
            when target is null then 'no target'
            when quarter_start < {{ quarter_start() }} and actual >= target then 'reached'
            when quarter_start < {{ quarter_start() }} then 'missed'
            when coalesce(attainment_ratio >= {{ elapsed_rate() }}, true) then 'on track'
            else 'behind'
        end as status,
        why_unknown
    from rated

)

select * from final
