-- Fails when the open deals, counted once, are not our open pipeline; when those with a partner are not what at least
-- one partner reaches; or when a deal has another number of rows than partners.
with open_deals as (

    select * from {{ ref('mart_open_deals') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open and not is_excluded

),

reach as (

    select * from {{ ref('mart_partner_reach') }}
    where least_partner_count = 1

),

once as (

    select
        count(distinct opportunity_key) as deal_count,
        count(distinct case when partner_count > 0 then opportunity_key end) as reached_deal_count,
        coalesce(sum(counted_once_amount_usd), 0) as open_usd,
        coalesce(sum(case when partner_count > 0 then counted_once_amount_usd end), 0) as reached_usd
    from open_deals

),

pipeline as (

    select
        count(*) as deal_count,
        coalesce(sum(amount_usd), 0) as open_usd
    from opportunities

),

rows_per_deal as (

    select
        opportunity_key,
        max(partner_count) as partner_count,
        count(*) as row_count
    from open_deals
    group by opportunity_key

)

select 'not our open pipeline' as problem
from once
cross join pipeline
where once.deal_count <> pipeline.deal_count or once.open_usd <> pipeline.open_usd
union all
select 'not what partners reach' as problem
from once
cross join reach
where
    once.reached_deal_count <> reach.reached_open_opportunity_count
    or once.reached_usd <> reach.reached_open_pipeline_usd
union all
select opportunity_key as problem
from rows_per_deal
where row_count <> greatest(partner_count, 1)
