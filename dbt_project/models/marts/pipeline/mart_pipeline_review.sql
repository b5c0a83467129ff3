with joint_opportunities as (

    select * from {{ ref('mart_joint_opportunities') }}

),

engagements as (

    select * from {{ ref('fct_engagements') }}
    where engaged_on <= {{ as_of_date() }}

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us' and object = 'engagements'

),

-- Of several engagements of one day the one whose key sorts last says what comes next.
last_engagements as (

    select
        account_key,
        max(engaged_on) as last_engaged_on,
        max_by(coalesce(next_step, ''), struct_pack(engaged_on := engaged_on, engagement_key := engagement_key))
            as next_step
    from engagements
    group by account_key

),

last_joint_engagements as (

    select
        account_key,
        partner_id,
        max(engaged_on) as last_joint_engaged_on
    from engagements
    group by account_key, partner_id

),

final as (

    select
        joint_opportunities.opportunity_key,
        joint_opportunities.source_id,
        joint_opportunities.account_key,
        joint_opportunities.account_name,
        joint_opportunities.partner_id,
        joint_opportunities.partner_name,
        joint_opportunities.name,
        joint_opportunities.owner,
        joint_opportunities.stage,
        joint_opportunities.amount_usd,
        joint_opportunities.win_probability,
        joint_opportunities.attribution,
        joint_opportunities.is_primary_credit,
        joint_opportunities.expected_close_on,
        coalesce(joint_opportunities.days_past_expected_close > 0, false) as is_past_expected_close,
        joint_opportunities.days_past_expected_close,
        last_engagements.last_engaged_on,
        last_joint_engagements.last_joint_engaged_on,
        nullif(last_engagements.next_step, '') as next_step,
        case
            when exists (select 1 from our_lists)
                then
                    greatest(joint_opportunities.created_on, last_engagements.last_engaged_on)
                    < {{ as_of_date() }} - {{ var('stalled_days') }}
        end as is_stalled
    from joint_opportunities
    left join last_engagements on joint_opportunities.account_key = last_engagements.account_key
    left join last_joint_engagements
        on
            joint_opportunities.account_key = last_joint_engagements.account_key
            and joint_opportunities.partner_id = last_joint_engagements.partner_id

)

select * from final
