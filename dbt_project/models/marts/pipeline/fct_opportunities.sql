{%- set days = ['lead_on', 'created_on'] if var('sales_cycle_from') == 'lead' else ['created_on', 'lead_on'] -%}

with opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us'

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

stages as (

    select * from {{ ref('opportunity_stages') }}

),

primary_credits as (

    select * from {{ ref('fct_opportunity_partners') }}
    where is_primary_credit

),

linked as (

    select
        opportunities.*,
        account_records.account_key,
        account_records.group_key,
        coalesce(accounts.is_excluded, false) as is_excluded,
        coalesce(opportunities.win_probability, stages.default_probability) as stated_or_usual_probability,
        case
            when opportunities.outcome in ('won', 'lost')
                then opportunities.closed_on - coalesce(opportunities.{{ days[0] }}, opportunities.{{ days[1] }})
        end as days_to_close
    from opportunities
    left join account_records on opportunities.account_record_key = account_records.record_key
    left join accounts on account_records.account_key = accounts.account_key
    left join stages on opportunities.stage = stages.stage

),

final as (

    select
        -- keys
        linked.opportunity_key,
        linked.source_id,
        linked.account_key,
        linked.group_key,
        -- the opportunity
        linked.name,
        linked.stage,
        linked.outcome,
        linked.is_open,
        cast(linked.amount_usd as decimal(38, 2)) as amount_usd,
        linked.stated_or_usual_probability as win_probability,
        cast(
            case when linked.is_open then round(linked.amount_usd * linked.stated_or_usual_probability, 2) end
            as decimal(38, 2)
        ) as weighted_amount_usd,
        linked.our_role,
        linked.partner_role,
        linked.owner,
        linked.business_unit,
        -- its days
        linked.lead_on,
        linked.created_on,
        linked.expected_close_on,
        linked.closed_on,
        cast(case when linked.days_to_close >= 0 then linked.days_to_close end as integer) as sales_cycle_days,
        -- whose it is
        linked.is_excluded,
        primary_credits.partner_id as primary_partner_id,
        coalesce(primary_credits.attribution, 'none') as attribution
    from linked
    left join primary_credits on linked.opportunity_key = primary_credits.opportunity_key

)

select * from final
