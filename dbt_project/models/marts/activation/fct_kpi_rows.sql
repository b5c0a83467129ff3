with account_mappings as (

    select * from {{ ref('fct_account_mappings') }}

),

joint_engagements as (

    select * from {{ ref('fct_engagements') }}
    where partner_id is not null

),

joint_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where attribution <> 'none'

),

-- What counts for which KPI, on which day, under which partner.
counted as (

    select
        'accounts_mapped' as kpi,
        partner_id,
        mapped_on as counted_on,
        account_key as counted_key,
        cast(null as decimal(38, 2)) as amount_usd
    from account_mappings
    union all
    select
        'accounts_engaged' as kpi,
        partner_id,
        engaged_on as counted_on,
        account_key as counted_key,
        null as amount_usd
    from joint_engagements
    where account_key is not null
    union all
    select
        'joint_meetings_held' as kpi,
        partner_id,
        engaged_on as counted_on,
        engagement_key as counted_key,
        null as amount_usd
    from joint_engagements
    where list_contains({{ var('meeting_activities') }}, activity)
    union all
    select
        'pipeline_generated_usd' as kpi,
        primary_partner_id as partner_id,
        created_on as counted_on,
        opportunity_key as counted_key,
        amount_usd
    from joint_opportunities
    union all
    select
        'deals_closed' as kpi,
        primary_partner_id as partner_id,
        closed_on as counted_on,
        opportunity_key as counted_key,
        null as amount_usd
    from joint_opportunities
    where outcome = 'won'
    union all
    select
        'revenue_generated_usd' as kpi,
        primary_partner_id as partner_id,
        closed_on as counted_on,
        opportunity_key as counted_key,
        amount_usd
    from joint_opportunities
    where outcome = 'won'

),

-- Each once for its partner and once for all, where an account shared with several partners is one account, mapped on
-- the day of the first of them and never again.
counted_for as (

    select * from counted
    union all
    select
        kpi,
        'all' as partner_id,
        counted_on,
        counted_key,
        amount_usd
    from counted
    where kpi <> 'accounts_mapped'
    union all
    select
        'accounts_mapped' as kpi,
        'all' as partner_id,
        first_mapped_on as counted_on,
        account_key as counted_key,
        null as amount_usd
    from account_mappings

),

final as (

    select
        kpi,
        partner_id,
        {{ quarter_of('counted_on') }} as quarter_start,
        counted_key,
        min(counted_on) as counted_on,
        max(amount_usd) as amount_usd
    from counted_for
    where counted_on <= {{ as_of_date() }}
    group by kpi, partner_id, {{ quarter_of('counted_on') }}, counted_key

)

select * from final
