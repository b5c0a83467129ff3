with pipeline_summary as (

    select * from {{ ref('mart_pipeline_summary') }}
    where dimension = 'all'

),

kpi_status as (

    select * from {{ ref('mart_kpi_status') }}
    where partner_id = 'all'

),

mapping_roi as (

    select * from {{ ref('mart_mapping_roi') }}
    where scope = 'all' and metric not in ('revenue_usd', 'credited_revenue_usd') and status <> 'comparison'

),

activations as (

    select * from {{ ref('fct_account_activations') }}

),

-- Of the quarter before as much as has gone by of this one: a part is not compared with a whole.
previous_rows as (

    select * from {{ ref('fct_kpi_rows') }}
    where
        partner_id = 'all'
        and quarter_start = cast({{ quarter_start() }} - interval '3 months' as date)
        and counted_on <= {{ same_day_of_quarter_before() }}

),

previous_actuals as (

    select
        kpi,
        count(*) as row_count,
        sum(amount_usd) as amount_usd
    from previous_rows
    group by kpi

),

-- Nothing is known of touches without a log of them.
touches as (

    select
        count(*) filter (where is_overdue) as overdue_count,
        count(*) filter (where is_untouched) as untouched_count
    from activations
    having count(is_activated) > 0

),

pipeline_figures as (

    select
        listed.figure,
        listed.figure_number,
        listed.unit,
        listed.period
    from (
        values
        ('joint_pipeline_usd', 1, 'usd', 'now'),
        ('weighted_pipeline_usd', 2, 'usd', 'now'),
        ('open_opportunity_count', 3, 'count', 'now'),
        ('win_rate', 4, 'rate', 'all time'),
        ('average_sales_cycle_days', 5, 'days', 'all time')
    ) as listed (figure, figure_number, unit, period)

),

figures as (

    select
        pipeline_figures.figure,
        pipeline_figures.figure_number,
        pipeline_figures.unit,
        pipeline_figures.period,
        case pipeline_figures.figure
            {% for figure, column in {
                'joint_pipeline_usd': 'open_pipeline_usd',
                'weighted_pipeline_usd': 'weighted_pipeline_usd',
                'open_opportunity_count': 'open_opportunity_count',
            }.items() %}
            when '{{ figure }}'
                then cast(
                    {{ if_delivered('opportunities', 'coalesce(pipeline_summary.' ~ column ~ ', 0)') }}
                    as decimal(38, 6)
                )
            {% endfor %}
            when 'win_rate' then cast(pipeline_summary.win_rate as decimal(38, 6))
            when 'average_sales_cycle_days' then cast(pipeline_summary.average_sales_cycle_days as decimal(38, 6))
        end as value,
        cast(null as decimal(38, 6)) as previous_value
    from pipeline_figures
    left join pipeline_summary on pipeline_summary.dimension = 'all'
    union all
    select
        kpi_status.kpi as figure,
        10 + kpi_status.kpi_number as figure_number,
        kpi_status.unit,
        'quarter' as period,
        cast(kpi_status.actual as decimal(38, 6)) as value,
        cast(
            case
                when kpi_status.why_unknown is not null then null
                when previous_actuals.kpi is null then 0
                when kpi_status.unit = 'usd' then previous_actuals.amount_usd
                else previous_actuals.row_count
            end as decimal(38, 6)
        ) as previous_value
    from kpi_status
    left join previous_actuals on kpi_status.kpi = previous_actuals.kpi
    union all
    select
        metric as figure,
        20 + metric_number as figure_number,
        case when metric = 'days_to_first_touch' then 'days' else 'rate' end as unit,
        'now' as period,
        actual as value,
        null as previous_value
    from mapping_roi
    union all
    select
        listed.figure,
        listed.figure_number,
        'count' as unit,
        'now' as period,
        cast(
            case listed.figure
                when 'overdue_first_touch_count' then touches.overdue_count
                else touches.untouched_count
            end as decimal(38, 6)
        ) as value,
        null as previous_value
    from (
        values
        ('overdue_first_touch_count', 31),
        ('untouched_without_deadline_count', 32)
    ) as listed (figure, figure_number)
    left join touches on touches.overdue_count is not null

),

final as (

    select
        figure,
        cast(figure_number as integer) as figure_number,
        unit,
        period,
        value,
        previous_value,
        value - previous_value as difference
    from figures

)

select * from final
