with figure_months as (

    select * from {{ ref('fct_figure_months') }}

),

kpis as (

    select * from {{ ref('kpis') }}

),

described as (

    select * from {{ ref('figures') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

-- A KPI that is a goal as well is the same figure twice: it is shown once.
shown as (

    select figure_months.*
    from figure_months
    left join kpis on figure_months.figure = kpis.kpi
    where figure_months.mart <> 'mart_quarterly_goals' or not kpis.is_kpi

),

-- Figures of reach and of credit bear in their names what they are split by.
split as (

    select
        *,
        case mart
            when 'mart_partner_reach' then regexp_replace(figure, '_by_[0-9]+$', '')
            when 'mart_attribution_totals' then regexp_replace(figure, '^[a-z]+_', '')
            else figure
        end as measure,
        case
            when mart = 'mart_partner_reach' then 'least_partner_count'
            when mart = 'mart_attribution_totals' then 'credit'
            when partner_id = 'all' then 'all'
            else 'partner'
        end as dimension,
        case mart
            when 'mart_partner_reach' then regexp_extract(figure, '[0-9]+$')
            when 'mart_attribution_totals' then regexp_extract(figure, '^[a-z]+')
            else partner_id
        end as dimension_value
    from shown

),

final as (

    select
        -- keys
        split.as_of_month,
        split.dimension,
        split.dimension_value,
        -- when
        split.as_of_on,
        split.fiscal_quarter,
        split.period,
        -- what
        split.unit,
        split.value,
        split.target_value,
        split.mart,
        coalesce(kpis.kpi, described.metric) as metric,
        -- for people
        coalesce(kpis.label, described.label) as label,
        case split.dimension
            when 'all' then 'All partners'
            when 'partner' then coalesce(partners.name, split.dimension_value)
            when 'least_partner_count' then concat('At least ', split.dimension_value)
            else split.dimension_value
        end as dimension_label,
        coalesce(kpis.description, described.definition) as definition
    from split
    left join kpis on split.mart in ('mart_kpi_status', 'mart_quarterly_goals') and split.measure = kpis.kpi
    left join described on split.mart = described.mart and split.measure = described.figure
    left join partners on split.dimension = 'partner' and split.dimension_value = partners.partner_id

)

select * from final
