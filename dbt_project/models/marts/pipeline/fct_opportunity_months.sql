{{ history() }}

with opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

delivered_opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us'

),

opportunity_claims as (

    select * from {{ ref('stg_opportunity_claims') }}

),

opportunity_partners as (

    select * from {{ ref('fct_opportunity_partners') }}

),

recorded as (

    select
        opportunity_key,
        string_agg(
            concat_ws(' ', partner_id, claim, recorded_on), '; ' order by partner_id
        ) as recorded_claims
    from opportunity_claims
    group by opportunity_key

),

-- What the credit was judged by, apart from what the list says.
judgements as (

    select
        opportunity_key,
        max(rule_valid_from) as rule_valid_from,
        bool_or(coalesce(refusal_reason = 'excluded', false)) as has_excluded_partner,
        string_agg(
            case when decided_credit is not null then concat_ws(' ', partner_id, decided_credit) end,
            '; ' order by partner_id
        ) as decided_credits,
        max(mapped_on) filter (where is_primary_credit) as credit_mapped_on,
        max(first_engaged_on) filter (where is_primary_credit) as credit_engaged_on
    from opportunity_partners
    group by opportunity_key

),

final as (

    select
        -- keys
        {{ as_of_month() }} as as_of_month,
        {{ as_of_date() }} as as_of_on,
        opportunities.opportunity_key,
        opportunities.source_id,
        opportunities.account_key,
        -- the opportunity
        opportunities.outcome,
        opportunities.is_open,
        cast(delivered_opportunities.amount as decimal(38, 2)) as amount,
        delivered_opportunities.currency,
        delivered_opportunities.usd_per_unit,
        opportunities.amount_usd,
        -- its days
        opportunities.created_on,
        opportunities.expected_close_on,
        opportunities.closed_on,
        -- whose it is
        opportunities.primary_partner_id,
        opportunities.attribution,
        -- what that was judged by
        recorded.recorded_claims,
        judgements.decided_credits,
        judgements.rule_valid_from,
        judgements.credit_mapped_on,
        judgements.credit_engaged_on,
        opportunities.is_excluded or coalesce(judgements.has_excluded_partner, false) as is_excluded
    from opportunities
    inner join delivered_opportunities on opportunities.opportunity_key = delivered_opportunities.opportunity_key
    left join recorded on opportunities.opportunity_key = recorded.opportunity_key
    left join judgements on opportunities.opportunity_key = judgements.opportunity_key

)

select * from final
