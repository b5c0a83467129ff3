-- Fails for a quarter in which sourced, influenced and unattributed deals are not all deals; and when the won money of
-- all quarters is not that of the won deals.
with totals as (

    select * from {{ ref('mart_attribution_totals') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome = 'won' and closed_on <= {{ as_of_date() }}

),

per_quarter as (

    select
        {% for figure in ['created_count', 'generated_usd', 'won_count', 'lost_count', 'won_usd'] %}
        sum(case when credit = 'all' then {{ figure }} else -{{ figure }} end) as {{ figure }}_left,
        {% endfor %}
        quarter_starts_on
    from totals
    group by quarter_starts_on

),

won as (

    select coalesce(sum(amount_usd), 0) as won_usd
    from opportunities

),

won_in_quarters as (

    select coalesce(sum(won_usd), 0) as won_usd
    from totals
    where credit = 'all'

)

select cast(quarter_starts_on as varchar) as problem
from per_quarter
where
    created_count_left <> 0
    or generated_usd_left <> 0
    or won_count_left <> 0
    or lost_count_left <> 0
    or won_usd_left <> 0
union all
select 'won in all quarters' as problem
from won
inner join won_in_quarters on won.won_usd <> won_in_quarters.won_usd
