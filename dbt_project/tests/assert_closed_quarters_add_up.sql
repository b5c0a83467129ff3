-- Fails for a figure of a closed quarter that is counted from rows, where what was reported and the changed rows do not
-- give what it would be today.
with closed_quarters as (

    select * from {{ ref('mart_closed_quarters') }}
    where is_counted_anew and difference is not null

),

quarter_changes as (

    select * from {{ ref('fct_closed_quarter_changes') }}

),

added_up as (

    select
        quarter_start,
        partner_id,
        kpi,
        sum(value_change) as value_change
    from quarter_changes
    group by quarter_start, partner_id, kpi

),

compared as (

    select
        closed_quarters.quarter_start,
        closed_quarters.mart,
        closed_quarters.figure,
        closed_quarters.partner_id,
        closed_quarters.reported_value,
        closed_quarters.value_today,
        coalesce(added_up.value_change, 0) as value_change
    from closed_quarters
    left join added_up
        on
            closed_quarters.quarter_start = added_up.quarter_start
            and closed_quarters.partner_id = added_up.partner_id
            and case
                when closed_quarters.figure = 'credited_revenue_usd' then 'revenue_generated_usd'
                else closed_quarters.figure
            end = added_up.kpi

)

select * from compared
where reported_value + value_change <> value_today
