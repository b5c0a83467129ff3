with seen_figures as (

    select * from {{ ref('stg_seen_quarter_figures') }}

),

figure_months as (

    select * from {{ ref('fct_figure_months') }}
    where quarter_start < {{ quarter_start() }}

),

remembered as (

    select
        quarter_start,
        fiscal_quarter,
        as_of_month as reported_in_month,
        as_of_on as reported_on
    from seen_figures
    group by quarter_start, fiscal_quarter, as_of_month, as_of_on

),

-- A quarter whose last month is first published together with the next quarter is reported by that publication.
reported_now as (

    select
        figure_months.quarter_start,
        max_by(figure_months.fiscal_quarter, figure_months.as_of_month) as fiscal_quarter,
        max(figure_months.as_of_month) as reported_in_month,
        max(figure_months.as_of_on) as reported_on
    from figure_months
    left join remembered on figure_months.quarter_start = remembered.quarter_start
    where remembered.quarter_start is null
    group by figure_months.quarter_start

),

reported as (

    select * from remembered
    union all
    select * from reported_now

),

final as (

    select
        quarter_start,
        fiscal_quarter,
        reported_in_month,
        reported_on,
        reported_on
        = cast(quarter_start + interval '3 months' - interval '1 day' as date) as is_reported_to_its_end,
        quarter_start = {{ quarter_of('quarter_start') }} as is_of_todays_calendar
    from reported

)

select * from final
