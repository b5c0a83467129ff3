{{ history() }}

{%- set pipeline_figures = {
    "open_opportunity_count": ("now", "count"),
    "open_pipeline_usd": ("now", "usd"),
    "weighted_pipeline_usd": ("now", "usd"),
    "won_count": ("all time", "count"),
    "lost_count": ("all time", "count"),
    "won_revenue_usd": ("all time", "usd"),
    "win_rate": ("all time", "rate"),
} %}
{%- set coverage_figures = {
    "our_icp_account_count": "count",
    "overlap_account_count": "count",
    "served_icp_account_count": "count",
    "our_icp_coverage_rate": "rate",
    "partner_coverage_rate": "rate",
    "jaccard_rate": "rate",
} %}

with kpi_status as (

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

mapping_roi as (

    select * from {{ ref('mart_mapping_roi') }}
    where status <> 'comparison'

),

-- Cast before they are put together: else money's two decimals would round the rates.
figures as (

    select
        'mart_kpi_status' as mart,
        kpi as figure,
        partner_id,
        'quarter' as period,
        unit,
        cast(actual as decimal(38, 6)) as value,
        target as target_value
    from kpi_status
    union all
    select
        'mart_quarterly_goals' as mart,
        goal as figure,
        'all' as partner_id,
        'quarter' as period,
        unit,
        cast(actual as decimal(38, 6)) as value,
        target as target_value
    from quarterly_goals
    union all
    {% for figure, unit in coverage_figures.items() %}
    select
        'mart_partner_coverage' as mart,
        '{{ figure }}' as figure,
        partner_id,
        'now' as period,
        '{{ unit }}' as unit,
        cast({{ figure }} as decimal(38, 6)) as value,
        null as target_value
    from partner_coverage
    union all
    {% endfor %}
    {% for figure in ['reached_icp_account_rate', 'reached_open_pipeline_rate'] %}
    select
        'mart_partner_reach' as mart,
        concat('{{ figure }}_by_', least_partner_count) as figure,
        'all' as partner_id,
        'now' as period,
        'rate' as unit,
        cast({{ figure }} as decimal(38, 6)) as value,
        null as target_value
    from partner_reach
    union all
    {% endfor %}
    {% for figure, (period, unit) in pipeline_figures.items() %}
    select
        'mart_pipeline_summary' as mart,
        '{{ figure }}' as figure,
        dimension_value as partner_id,
        '{{ period }}' as period,
        '{{ unit }}' as unit,
        cast({{ figure }} as decimal(38, 6)) as value,
        null as target_value
    from pipeline_summary
    union all
    {% endfor %}
    select
        'mart_mapping_roi' as mart,
        metric as figure,
        scope as partner_id,
        if(metric like '%revenue_usd', 'quarter', 'now') as period,
        case
            when metric like '%revenue_usd' then 'usd'
            when metric = 'days_to_first_touch' then 'days'
            else 'rate'
        end as unit,
        cast(actual as decimal(38, 6)) as value,
        null as target_value
    from mapping_roi

),

final as (

    select
        -- keys
        {{ as_of_month() }} as as_of_month,
        mart,
        figure,
        partner_id,
        -- when
        {{ as_of_date() }} as as_of_on,
        {{ quarter_start() }} as quarter_start,
        {{ quarter_label(as_of_month()) }} as fiscal_quarter,
        -- what
        period,
        unit,
        value,
        cast(target_value as decimal(38, 6)) as target_value
    from figures

)

select * from final
