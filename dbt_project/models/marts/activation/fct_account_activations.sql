with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_mappings as (

    select * from {{ ref('fct_account_mappings') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

plans as (

    select * from {{ ref('fct_account_plans') }}

),

focused_pairs as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }} and is_focused

),

engagements as (

    select * from {{ ref('fct_engagements') }}
    where engaged_on <= {{ as_of_date() }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us'

),

-- Without a log of engagements nobody can tell who was touched, and without opportunities what came of it.
known as (

    select
        coalesce(bool_or(object = 'engagements'), false) as has_engagements,
        coalesce(bool_or(object = 'opportunities'), false) as has_opportunities
    from current_exports

),

first_touches as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        min(engagements.engaged_on) as first_touch_on
    from account_overlaps
    inner join engagements
        on
            account_overlaps.account_key = engagements.account_key
            and account_overlaps.partner_id = engagements.partner_id
            and account_overlaps.mapped_on <= engagements.engaged_on
    group by account_overlaps.account_key, account_overlaps.partner_id

),

-- What came after the mapping, whoever has the credit.
results as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        min(opportunities.created_on) filter (
            where opportunities.created_on between account_overlaps.mapped_on and {{ as_of_date() }}
        ) as entered_pipeline_on,
        min(opportunities.closed_on) filter (
            where
            opportunities.outcome = 'won'
            and opportunities.closed_on between account_overlaps.mapped_on and {{ as_of_date() }}
        ) as won_on,
        sum(opportunities.amount_usd) filter (
            where
            opportunities.outcome = 'won'
            and opportunities.closed_on between account_overlaps.mapped_on and {{ as_of_date() }}
        ) as won_revenue_usd
    from account_overlaps
    inner join opportunities on account_overlaps.account_key = opportunities.account_key
    group by account_overlaps.account_key, account_overlaps.partner_id

),

-- Any opportunity after the touch will do, whatever came between the mapping and the touch.
conversions as (

    select
        first_touches.account_key,
        first_touches.partner_id,
        min(opportunities.created_on) as converted_on
    from first_touches
    inner join opportunities on first_touches.account_key = opportunities.account_key
    where opportunities.created_on between first_touches.first_touch_on and {{ as_of_date() }}
    group by first_touches.account_key, first_touches.partner_id

),

-- Whoever is planned or on the focused list is to be touched by a day, the plan's own before the usual one, the last
-- that is under so many days; of the others it is only known since when they wait.
judged as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        account_overlaps.mapped_on,
        account_mappings.first_mapped_on,
        coalesce(
            case when coalesce(plans.status, '') <> 'dropped' then plans.due_on end,
            account_overlaps.mapped_on + {{ var('first_touch_days') }} - 1
        ) as due_on,
        case
            when plans.due_on is not null and coalesce(plans.status, '') <> 'dropped' then 'plan'
            when focused_pairs.account_key is not null then 'focused list'
            else 'none'
        end as deadline,
        first_touches.first_touch_on,
        results.entered_pipeline_on,
        conversions.converted_on,
        results.won_on,
        case
            when results.won_on is not null then results.won_revenue_usd
            when known.has_opportunities then 0
        end as won_revenue_usd,
        coalesce(plans.owner, accounts.our_owner) as owner,
        case when known.has_engagements then first_touches.first_touch_on is not null end as is_activated,
        known.has_opportunities
    from account_overlaps
    cross join known
    left join account_mappings
        on
            account_overlaps.account_key = account_mappings.account_key
            and account_overlaps.partner_id = account_mappings.partner_id
    left join accounts on account_overlaps.account_key = accounts.account_key
    left join first_touches
        on
            account_overlaps.account_key = first_touches.account_key
            and account_overlaps.partner_id = first_touches.partner_id
    left join results
        on account_overlaps.account_key = results.account_key and account_overlaps.partner_id = results.partner_id
    left join conversions
        on
            account_overlaps.account_key = conversions.account_key
            and account_overlaps.partner_id = conversions.partner_id
    left join plans
        on account_overlaps.account_key = plans.account_key and account_overlaps.partner_id = plans.partner_id
    left join focused_pairs
        on
            account_overlaps.account_key = focused_pairs.account_key
            and account_overlaps.partner_id = focused_pairs.partner_id

),

with_waiting as (

    select
        *,
        not is_activated and due_on < {{ as_of_date() }} as is_waiting
    from judged

),

final as (

    select
        account_key,
        partner_id,
        owner,
        -- the first touch
        mapped_on,
        first_mapped_on,
        due_on,
        deadline,
        first_touch_on,
        cast(first_touch_on - mapped_on as integer) as days_to_first_touch,
        is_activated,
        is_waiting and deadline <> 'none' as is_overdue,
        cast(case when is_waiting and deadline <> 'none' then {{ as_of_date() }} - due_on end as integer)
            as days_overdue,
        is_waiting and deadline = 'none' as is_untouched,
        -- what came of it
        entered_pipeline_on,
        converted_on,
        case when has_opportunities and is_activated is not null then converted_on is not null end as is_converted,
        won_on,
        cast(won_revenue_usd as decimal(38, 2)) as won_revenue_usd
    from with_waiting

)

select * from final
