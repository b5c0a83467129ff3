{{ history() }}

with kpis as (

    select * from {{ ref('kpis') }}

),

described as (

    select * from {{ ref('figures') }}

),

kpi_status as (

    select * from {{ ref('mart_kpi_status') }}

),

quarterly_goals as (

    select * from {{ ref('mart_quarterly_goals') }}
    where quarter_start = {{ quarter_start() }}

),

partner_coverage as (

    select * from {{ ref('mart_partner_coverage') }}

),

pipeline_summary as (

    select * from {{ ref('mart_pipeline_summary') }}
    where dimension in ('all', 'partner')

),

partner_reach as (

    select * from {{ ref('mart_partner_reach') }}

),

attribution_totals as (

    select * from {{ ref('mart_attribution_totals') }}
    where quarter_starts_on = {{ quarter_start() }}

),

mapping_roi as (

    select * from {{ ref('mart_mapping_roi') }}
    where status <> 'comparison'

),

-- Cast before they are put together: else money's two decimals would round the rates.
measured as (

    select
        'mart_kpi_status' as mart,
        kpi as measure,
        kpi as figure,
        partner_id,
        cast(actual as decimal(38, 6)) as value,
        target as target_value
    from kpi_status
    union all
    select
        'mart_quarterly_goals' as mart,
        goal as measure,
        goal as figure,
        'all' as partner_id,
        cast(actual as decimal(38, 6)) as value,
        target as target_value
    from quarterly_goals
    union all
    {% for mart, rows, partner_id, figure, measures in [
        ('mart_partner_coverage', 'partner_coverage', 'partner_id', "'{measure}'", [
            'our_icp_account_count', 'overlap_account_count', 'served_icp_account_count', 'our_icp_coverage_rate',
            'partner_coverage_rate', 'jaccard_rate',
        ]),
        ('mart_partner_reach', 'partner_reach', "'all'", "concat('{measure}_by_', least_partner_count)", [
            'reached_icp_account_rate', 'reached_open_pipeline_rate',
        ]),
        ('mart_pipeline_summary', 'pipeline_summary', 'dimension_value', "'{measure}'", [
            'open_opportunity_count', 'open_pipeline_usd', 'weighted_pipeline_usd', 'won_count', 'lost_count',
            'won_revenue_usd', 'win_rate', 'average_sales_cycle_days',
        ]),
        ('mart_attribution_totals', 'attribution_totals', "'all'", "concat(credit, '_{measure}')", [
            'created_count', 'generated_usd', 'won_count', 'lost_count', 'won_usd', 'win_rate',
            'average_sales_cycle_days',
        ]),
    ] %}
    {% for measure in measures %}
    select
        '{{ mart }}' as mart,
        '{{ measure }}' as measure,
        {{ figure | replace('{measure}', measure) }} as figure,
        {{ partner_id }} as partner_id,
        cast({{ measure }} as decimal(38, 6)) as value,
        null as target_value
    from {{ rows }}
    union all
    {% endfor %}
    {% endfor %}
    select
        'mart_mapping_roi' as mart,
        metric as measure,
        metric as figure,
        scope as partner_id,
        cast(actual as decimal(38, 6)) as value,
        null as target_value
    from mapping_roi

),

final as (

    select
        -- keys
        {{ as_of_month() }} as as_of_month,
        measured.mart,
        measured.figure,
        measured.partner_id,
        -- when
        {{ as_of_date() }} as as_of_on,
        {{ quarter_start() }} as quarter_start,
        {{ quarter_label(as_of_month()) }} as fiscal_quarter,
        -- what
        case when kpis.kpi is not null then 'quarter' else described.period end as period,
        coalesce(kpis.unit, described.unit) as unit,
        measured.value,
        cast(measured.target_value as decimal(38, 6)) as target_value
    from measured
    left join kpis
        on measured.mart in ('mart_kpi_status', 'mart_quarterly_goals') and measured.measure = kpis.kpi
    left join described on measured.mart = described.mart and measured.measure = described.figure

)

select * from final
