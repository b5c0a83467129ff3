-- Fails for a KPI of the quarter that is another number than that of the rows it counts, added up here one KPI at a
-- time from the staging lists and the credits; the number of all partners is then the sum of theirs, but for accounts,
-- which several partners share.
with kpi_status as (

    select * from {{ ref('mart_kpi_status') }}
    where why_unknown is null

),

credits as (

    select * from {{ ref('fct_opportunity_partners') }}
    where is_primary_credit

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us'

),

engagements as (

    select * from {{ ref('fct_engagements') }}
    where engaged_on >= {{ quarter_start() }} and engaged_on <= {{ as_of_date() }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month <= {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_keys as (

    select * from {{ ref('dim_account_keys') }}

),

mapped_pairs as (

    select
        account_overlaps.partner_id,
        account_overlaps.mapped_on,
        coalesce(account_keys.current_account_key, account_overlaps.account_key) as account_key
    from account_overlaps
    left join account_keys on account_overlaps.account_key = account_keys.account_key

),

-- Mapped in the quarter, and on no earlier day: with the partner, and with anybody.
newly_mapped as (

    select
        mapped_pairs.partner_id,
        mapped_pairs.account_key,
        not exists (
            select 1 from mapped_pairs as earlier
            where earlier.account_key = mapped_pairs.account_key and earlier.mapped_on < {{ quarter_start() }}
        ) as is_new_to_all
    from mapped_pairs
    where
        mapped_pairs.mapped_on between {{ quarter_start() }} and {{ as_of_date() }}
        and not exists (
            select 1 from mapped_pairs as earlier
            where
                earlier.account_key = mapped_pairs.account_key
                and earlier.partner_id = mapped_pairs.partner_id
                and earlier.mapped_on < {{ quarter_start() }}
        )

),

credited_opportunities as (

    select
        credits.partner_id,
        opportunities.outcome,
        opportunities.amount_usd,
        opportunities.created_on between {{ quarter_start() }} and {{ as_of_date() }} as is_created,
        opportunities.closed_on between {{ quarter_start() }} and {{ as_of_date() }} as is_closed
    from credits
    inner join opportunities on credits.opportunity_key = opportunities.opportunity_key

),

of_partners as (

    select
        partner_id,
        'accounts_mapped' as kpi,
        count(distinct account_key) as actual
    from newly_mapped
    group by partner_id
    union all
    select
        partner_id,
        'joint_meetings_held' as kpi,
        count(*) as actual
    from engagements
    where partner_id is not null and list_contains({{ var('meeting_activities') }}, activity)
    group by partner_id
    union all
    select
        partner_id,
        'pipeline_generated_usd' as kpi,
        sum(amount_usd) as actual
    from credited_opportunities
    where is_created
    group by partner_id
    union all
    select
        partner_id,
        'deals_closed' as kpi,
        count(*) as actual
    from credited_opportunities
    where is_closed and outcome = 'won'
    group by partner_id
    union all
    select
        partner_id,
        'revenue_generated_usd' as kpi,
        sum(amount_usd) as actual
    from credited_opportunities
    where is_closed and outcome = 'won'
    group by partner_id

),

of_all as (

    select
        'all' as partner_id,
        kpi,
        sum(actual) as actual
    from of_partners
    where kpi <> 'accounts_mapped'
    group by kpi
    union all
    select
        'all' as partner_id,
        'accounts_mapped' as kpi,
        count(distinct account_key) as actual
    from newly_mapped
    where is_new_to_all

),

counted as (

    select * from of_partners
    union all
    select * from of_all

),

compared as (

    select
        kpi_status.partner_id,
        kpi_status.kpi,
        kpi_status.actual,
        coalesce(counted.actual, 0) as counted_actual
    from kpi_status
    left join counted on kpi_status.partner_id = counted.partner_id and kpi_status.kpi = counted.kpi

)

select * from compared
where actual is distinct from counted_actual
