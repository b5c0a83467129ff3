-- Fails for a month and partner whose opening and movements do not give the closing, to the cent and to the deal; for
-- an opening that is not the closing of the month before; for a movement whose partners do not add up to all; and for
-- a closing of the run's month that is not the pipeline summary's.
with pipeline_movement as (

    select * from {{ ref('mart_pipeline_movement') }}

),

pipeline_summary as (

    select
        if(dimension = 'all', 'all', dimension_value) as partner_id,
        open_opportunity_count,
        open_pipeline_usd
    from {{ ref('mart_pipeline_summary') }}
    where dimension in ('all', 'partner')

),

closings as (

    select * from pipeline_movement
    where movement = 'closing'

),

openings as (

    select * from pipeline_movement
    where movement = 'opening'

),

walked as (

    select
        as_of_month,
        partner_id,
        sum(amount_usd) as amount_usd,
        sum(if(movement = 'opening', opportunity_count, open_opportunity_change)) as opportunity_count
    from pipeline_movement
    where movement <> 'closing' and previous_month is not null
    group by as_of_month, partner_id

),

of_partners as (

    select
        as_of_month,
        movement,
        sum(amount_usd) as amount_usd
    from pipeline_movement
    where partner_id <> 'all'
    group by as_of_month, movement

),

compared as (

    select
        'opening and movements are not the closing' as problem,
        coalesce(walked.as_of_month, closings.as_of_month) as as_of_month,
        coalesce(walked.partner_id, closings.partner_id) as partner_id,
        walked.amount_usd as found_usd,
        closings.amount_usd as expected_usd,
        walked.opportunity_count as found_count,
        closings.opportunity_count as expected_count
    from walked
    full outer join closings
        on walked.as_of_month = closings.as_of_month and walked.partner_id = closings.partner_id
    where walked.as_of_month is not null or closings.previous_month is not null
    union all
    select
        'the opening is not the closing before' as problem,
        openings.as_of_month,
        openings.partner_id,
        openings.amount_usd as found_usd,
        coalesce(closings.amount_usd, 0) as expected_usd,
        openings.opportunity_count as found_count,
        coalesce(closings.opportunity_count, 0) as expected_count
    from openings
    left join closings
        on openings.previous_month = closings.as_of_month and openings.partner_id = closings.partner_id
    union all
    select
        'the partners are not all' as problem,
        pipeline_movement.as_of_month,
        pipeline_movement.movement as partner_id,
        coalesce(of_partners.amount_usd, 0) as found_usd,
        pipeline_movement.amount_usd as expected_usd,
        0 as found_count,
        0 as expected_count
    from pipeline_movement
    left join of_partners
        on
            pipeline_movement.as_of_month = of_partners.as_of_month
            and pipeline_movement.movement = of_partners.movement
    where pipeline_movement.partner_id = 'all'
    union all
    select
        'the closing is not the pipeline summary' as problem,
        {{ as_of_month() }} as as_of_month,
        coalesce(closings.partner_id, pipeline_summary.partner_id) as partner_id,
        coalesce(closings.amount_usd, 0) as found_usd,
        coalesce(pipeline_summary.open_pipeline_usd, 0) as expected_usd,
        coalesce(closings.opportunity_count, 0) as found_count,
        coalesce(pipeline_summary.open_opportunity_count, 0) as expected_count
    from (
        select * from closings
        where as_of_month = {{ as_of_month() }}
    ) as closings
    full outer join pipeline_summary on closings.partner_id = pipeline_summary.partner_id

)

select * from compared
where found_usd is distinct from expected_usd or found_count is distinct from expected_count
