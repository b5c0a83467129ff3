with closed_quarters as (

    select * from {{ ref('dim_closed_quarters') }}

),

seen_figures as (

    select * from {{ ref('stg_seen_quarter_figures') }}

),

figure_months as (

    select * from {{ ref('fct_figure_months') }}

),

kpi_actuals as (

    select * from {{ ref('fct_kpi_actuals') }}

),

quarter_changes as (

    select * from {{ ref('fct_closed_quarter_changes') }}

),

kpis as (

    select * from {{ ref('kpis') }}

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us'

),

partners as (

    select * from {{ ref('dim_partners') }}

),

-- Nothing is reported of a partner whose lists may not be read any more.
readable_partners as (

    select * from {{ ref('stg_partners') }}
    where may_be_built

),

seen_quarters as (

    select distinct quarter_start from seen_figures

),

partners_and_all as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.list_status in ('current list', 'stale list') as has_list
    from partners
    inner join readable_partners on partners.partner_id = readable_partners.party_id
    union all
    select
        'all' as partner_id,
        'All partners' as partner_name,
        true as has_list

),

-- The quarter's last month, as it stands now.
month_figures as (

    select figure_months.*
    from figure_months
    inner join closed_quarters
        on
            figure_months.quarter_start = closed_quarters.quarter_start
            and figure_months.as_of_month = closed_quarters.reported_in_month

),

reported_figures as (

    select
        seen_figures.quarter_start,
        seen_figures.mart,
        seen_figures.figure,
        seen_figures.partner_id,
        seen_figures.period,
        seen_figures.unit,
        seen_figures.value
    from seen_figures
    union all
    select
        month_figures.quarter_start,
        month_figures.mart,
        month_figures.figure,
        month_figures.partner_id,
        month_figures.period,
        month_figures.unit,
        month_figures.value
    from month_figures
    left join seen_quarters on month_figures.quarter_start = seen_quarters.quarter_start
    where seen_quarters.quarter_start is null

),

-- What of a quarter is counted from rows can be counted again; the others hold on a day, which only its month knows.
named as (

    select
        reported_figures.*,
        partners_and_all.partner_name,
        partners_and_all.has_list,
        closed_quarters.fiscal_quarter,
        closed_quarters.reported_in_month,
        closed_quarters.reported_on,
        closed_quarters.is_reported_to_its_end,
        closed_quarters.is_of_todays_calendar,
        case
            when reported_figures.mart in ('mart_kpi_status', 'mart_quarterly_goals') then reported_figures.figure
            when reported_figures.figure = 'credited_revenue_usd' then 'revenue_generated_usd'
        end as kpi
    from reported_figures
    inner join closed_quarters on reported_figures.quarter_start = closed_quarters.quarter_start
    inner join partners_and_all on reported_figures.partner_id = partners_and_all.partner_id

),

caused as (

    select
        quarter_start,
        partner_id,
        kpi,
        count(*) as changed_row_count,
        string_agg(distinct cause, ', ' order by cause) as causes
    from quarter_changes
    group by quarter_start, partner_id, kpi

),

-- Nothing counted is zero where our lists reach into the quarter, and not known where they do not. Cast before they
-- are put together: else money's two decimals would round the rates.
compared as (

    select
        named.*,
        case
            when not named.is_of_todays_calendar then null
            when named.kpi is null then month_figures.value
            when kpi_actuals.kpi is not null then cast(kpi_actuals.actual as decimal(38, 6))
            when kpis.counted_from = 'accounts' and not named.has_list then null
            when our_lists.export_month >= named.quarter_start then 0
        end as value_today
    from named
    left join kpis on named.kpi = kpis.kpi
    left join our_lists on kpis.counted_from = our_lists.object
    left join kpi_actuals
        on
            named.quarter_start = kpi_actuals.quarter_start
            and named.partner_id = kpi_actuals.partner_id
            and named.kpi = kpi_actuals.kpi
    left join month_figures
        on
            named.quarter_start = month_figures.quarter_start
            and named.mart = month_figures.mart
            and named.figure = month_figures.figure
            and named.partner_id = month_figures.partner_id

),

explained as (

    select
        compared.*,
        compared.kpi is not null as is_counted_anew,
        compared.value_today - compared.value as difference,
        case when compared.kpi is not null then coalesce(caused.changed_row_count, 0) end as changed_row_count,
        case
            when compared.kpi is not null then caused.causes
            when (compared.value is distinct from compared.value_today) then 'restatement'
        end as causes
    from compared
    left join caused
        on
            compared.quarter_start = caused.quarter_start
            and compared.partner_id = caused.partner_id
            and compared.kpi = caused.kpi

),

final as (

    select
        -- keys
        quarter_start,
        fiscal_quarter,
        mart,
        figure,
        partner_id,
        partner_name,
        period,
        unit,
        -- as it was reported
        reported_in_month,
        reported_on,
        is_reported_to_its_end,
        value as reported_value,
        -- as it would be today
        is_counted_anew,
        value_today,
        cast(difference as decimal(38, 6)) as difference,
        changed_row_count,
        causes
    from explained

)

select * from final
