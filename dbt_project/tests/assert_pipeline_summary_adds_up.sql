-- Fails for a dimension of the pipeline summary, or the forecast, that does not add up to the joint opportunities
-- themselves, each counted once.
with pipeline_summary as (

    select * from {{ ref('mart_pipeline_summary') }}

),

joint_forecast as (

    select * from {{ ref('mart_joint_forecast') }}

),

joint_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where attribution <> 'none' and outcome is not null

),

dimensions as (

    select unnest(['all', 'partner', 'stage', 'month', 'forecast']) as dimension

),

totals as (

    select
        count(*) filter (where is_open) as open_opportunity_count,
        coalesce(sum(amount_usd) filter (where is_open), 0) as open_pipeline_usd,
        coalesce(sum(weighted_amount_usd), 0) as weighted_pipeline_usd,
        count(*) filter (where is_open and amount_usd is null) as unpriced_opportunity_count,
        count(*) filter (where outcome = 'won') as won_count,
        count(*) filter (where outcome = 'lost') as lost_count,
        coalesce(sum(amount_usd) filter (where outcome = 'won'), 0) as won_revenue_usd
    from joint_opportunities

),

rows_to_add as (

    select
        dimension,
        open_opportunity_count,
        open_pipeline_usd,
        weighted_pipeline_usd,
        unpriced_opportunity_count,
        won_count,
        lost_count,
        won_revenue_usd
    from pipeline_summary
    union all
    select
        'forecast' as dimension,
        open_opportunity_count,
        open_pipeline_usd,
        weighted_pipeline_usd,
        null as unpriced_opportunity_count,
        won_count,
        null as lost_count,
        won_revenue_usd
    from joint_forecast

),

sums as (

    select
        dimensions.dimension,
        coalesce(sum(rows_to_add.open_opportunity_count), 0) as open_opportunity_count,
        coalesce(sum(rows_to_add.open_pipeline_usd), 0) as open_pipeline_usd,
        coalesce(sum(rows_to_add.weighted_pipeline_usd), 0) as weighted_pipeline_usd,
        coalesce(sum(rows_to_add.unpriced_opportunity_count), 0) as unpriced_opportunity_count,
        coalesce(sum(rows_to_add.won_count), 0) as won_count,
        coalesce(sum(rows_to_add.lost_count), 0) as lost_count,
        coalesce(sum(rows_to_add.won_revenue_usd), 0) as won_revenue_usd
    from dimensions
    left join rows_to_add on dimensions.dimension = rows_to_add.dimension
    group by dimensions.dimension

)

select
    sums.*,
    totals.open_pipeline_usd as open_pipeline_of_opportunities_usd,
    totals.won_revenue_usd as won_revenue_of_opportunities_usd
from sums
cross join totals
where
    sums.open_opportunity_count <> totals.open_opportunity_count
    or sums.open_pipeline_usd <> totals.open_pipeline_usd
    or sums.weighted_pipeline_usd <> totals.weighted_pipeline_usd
    or sums.won_count <> totals.won_count
    or sums.won_revenue_usd <> totals.won_revenue_usd
    or (
        sums.dimension <> 'forecast'
        and (
            sums.unpriced_opportunity_count <> totals.unpriced_opportunity_count
            or sums.lost_count <> totals.lost_count
        )
    )
