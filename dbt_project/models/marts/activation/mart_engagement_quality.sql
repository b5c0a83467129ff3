with engagements as (

    select * from {{ ref('fct_engagements') }}
    where partner_id is not null and engaged_on between {{ quarter_start() }} and {{ as_of_date() }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us' and object = 'engagements'

),

partners_and_all as (

    select
        partner_id,
        name as partner_name
    from partners
    union all
    select
        'all' as partner_id,
        'All partners' as partner_name

),

-- A log that was never delivered, or that ends before the quarter, counts nobody.
logs as (

    select count(*) > 0 as is_known
    from our_lists
    where export_month >= {{ quarter_start() }}

),

counted as (

    select
        partners_and_all.partner_id,
        partners_and_all.partner_name,
        count(engagements.engagement_key) as engagement_count,
        count(engagements.engagement_key) filter (where engagements.is_deep) as deep_count,
        count(engagements.is_deep) as typed_count,
        count(engagements.engagement_key) filter (where engagements.is_positive) as positive_count,
        count(engagements.is_positive) as outcome_count,
        count(distinct engagements.account_key) as account_count,
        max(engagements.engaged_on) as last_engaged_on
    from partners_and_all
    left join engagements on partners_and_all.partner_id in ('all', engagements.partner_id)
    group by partners_and_all.partner_id, partners_and_all.partner_name

),

final as (

    select
        {{ quarter_start() }} as quarter_start,
        counted.partner_id,
        counted.partner_name,
        case when logs.is_known then counted.engagement_count end as engagement_count,
        case when logs.is_known then counted.deep_count end as deep_count,
        {{ rate('counted.deep_count', 'counted.typed_count') }} as deep_rate,
        {{ rate('counted.positive_count', 'counted.outcome_count') }} as positive_rate,
        case when logs.is_known then counted.account_count end as account_count,
        counted.last_engaged_on,
        case when not logs.is_known then 'we have delivered no engagements of the quarter' end as why_unknown
    from counted
    cross join logs

)

select * from final
