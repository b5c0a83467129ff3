with kpis as (

    select * from {{ ref('kpis') }}
    where is_kpi

),

kpi_targets as (

    select * from {{ ref('stg_kpi_targets') }}
    where quarter_start = {{ quarter_start() }}

),

kpi_actuals as (

    select * from {{ ref('fct_kpi_actuals') }}
    where quarter_start = {{ quarter_start() }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us'

),

partners_and_all as (

    select
        partner_id,
        name as partner_name,
        list_status in ('current list', 'stale list') as has_list
    from partners
    union all
    select
        'all' as partner_id,
        'All partners' as partner_name,
        true as has_list

),

compared as (

    select
        partners_and_all.partner_id,
        partners_and_all.partner_name,
        kpis.kpi,
        kpis.kpi_number,
        kpis.unit,
        kpi_targets.target,
        case when kpi_actuals.kpi is null then 0 else kpi_actuals.actual end as counted,
        {{ elapsed_rate() }} as elapsed_rate,
        case
            when our_lists.object is null then 'we have delivered no ' || kpis.counted_from
            when our_lists.export_month < {{ quarter_start() }}
                then 'our list of ' || kpis.counted_from || ' is older than the quarter'
            when kpis.counted_from = 'accounts' and not partners_and_all.has_list
                then 'the partner has delivered no accounts'
            when kpi_actuals.kpi is not null and kpi_actuals.actual is null then 'no amount is known'
        end as why_unknown
    from partners_and_all
    cross join kpis
    left join kpi_targets
        on kpis.kpi = kpi_targets.kpi and partners_and_all.partner_id = coalesce(kpi_targets.partner_id, 'all')
    left join kpi_actuals on kpis.kpi = kpi_actuals.kpi and partners_and_all.partner_id = kpi_actuals.partner_id
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
        {{ quarter_start() }} as quarter_start,
        {{ quarter_label(as_of_month()) }} as fiscal_quarter,
        partner_id,
        partner_name,
        kpi,
        kpi_number,
        unit,
        target,
        actual,
        attainment_ratio,
        elapsed_rate,
        -- a target of nothing is reached from the first day
        case
            when why_unknown is not null then 'unknown'
            when target is null then 'no target'
            when coalesce(attainment_ratio >= elapsed_rate, true) then 'on track'
            else 'behind'
        end as status,
        why_unknown
    from rated

)

select * from final
