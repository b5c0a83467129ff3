-- Fails for an opportunity whose credit is given twice, or to nobody though a partner has some, or is another than the
-- one it shows, or does not add up to its amount; and for a row with both a credit and a reason why it has none.
with opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

opportunity_partners as (

    select * from {{ ref('fct_opportunity_partners') }}

),

credits as (

    select
        opportunity_key,
        count(*) filter (where attribution <> 'none') as credit_count,
        count(*) filter (where is_primary_credit) as primary_count,
        max(attribution) filter (where is_primary_credit) as primary_attribution,
        max(partner_id) filter (where is_primary_credit) as primary_partner_id,
        sum(credited_amount_usd) as credited_amount_usd,
        count(*) filter (where (attribution = 'none') <> (refusal_reason is not null)) as contradiction_count
    from opportunity_partners
    group by opportunity_key

),

compared as (

    select
        opportunities.opportunity_key,
        opportunities.attribution,
        opportunities.primary_partner_id,
        opportunities.amount_usd,
        credits.primary_attribution,
        credits.primary_partner_id as credited_partner_id,
        coalesce(credits.credit_count, 0) as credit_count,
        coalesce(credits.primary_count, 0) as primary_count,
        coalesce(credits.credited_amount_usd, 0) as credited_amount_usd,
        coalesce(credits.contradiction_count, 0) as contradiction_count
    from opportunities
    full outer join credits on opportunities.opportunity_key = credits.opportunity_key

)

select * from compared
where
    opportunity_key is null
    or contradiction_count > 0
    or primary_count <> case when credit_count > 0 then 1 else 0 end
    or attribution is distinct from coalesce(primary_attribution, 'none')
    or primary_partner_id is distinct from credited_partner_id
    or credited_amount_usd <> case when primary_count > 0 then coalesce(amount_usd, 0) else 0 end
