with opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us'

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month <= {{ as_of_month() }} and is_overlap

),

engagements as (

    select * from {{ ref('fct_engagements') }}
    where engaged_on <= {{ as_of_date() }}

),

partners as (

    select * from {{ ref('stg_partners') }}

),

attribution_rules as (

    select * from {{ ref('attribution_rules') }}

),

first_mapped as (

    select
        account_key,
        partner_id,
        min(mapped_on) as mapped_on
    from account_overlaps
    group by account_key, partner_id

),

excluded_pairs as (

    select distinct
        account_exclusions.account_key,
        partners.party_id as partner_id
    from account_exclusions
    inner join partners
        on account_exclusions.partner_id is null or account_exclusions.partner_id = partners.party_id

),

rules as (

    select
        *,
        lead(valid_from) over (order by valid_from) as valid_until
    from attribution_rules

),

-- The rule of the day it was created; without that day, or before the first rule, there is none.
judged_opportunities as (

    select
        opportunities.opportunity_key,
        opportunities.amount_usd,
        opportunities.sourced_by_partner_id,
        opportunities.influenced_by_partner_id,
        opportunities.partner_recorded_on,
        opportunities.created_on,
        account_records.account_key,
        rules.valid_from as rule_valid_from,
        rules.sourced_window_days,
        rules.influenced_window_days,
        rules.requires_mapping_first,
        coalesce(opportunities.closed_on, {{ as_of_date() }}) as counts_until
    from opportunities
    left join account_records on opportunities.account_record_key = account_records.record_key
    left join rules
        on
            opportunities.created_on >= rules.valid_from
            and (rules.valid_until is null or opportunities.created_on < rules.valid_until)

),

-- What our own list says of partners; one named as both source and influence is the source.
claims as (

    select
        judged_opportunities.opportunity_key,
        partners.party_id as partner_id,
        judged_opportunities.partner_recorded_on as recorded_on,
        case
            when judged_opportunities.sourced_by_partner_id = partners.party_id then 'sourced'
            else 'influenced'
        end as claim
    from judged_opportunities
    inner join partners
        on
            judged_opportunities.sourced_by_partner_id = partners.party_id
            or judged_opportunities.influenced_by_partner_id = partners.party_id

),

-- Engagements with a partner on the account, near enough to the deal to have moved it.
helpful_engagements as (

    select
        judged_opportunities.opportunity_key,
        engagements.partner_id,
        min(engagements.engaged_on) as first_engaged_on,
        count(*) as engagement_count
    from judged_opportunities
    inner join engagements
        on
            judged_opportunities.account_key = engagements.account_key
            and engagements.engaged_on
            >= judged_opportunities.created_on - judged_opportunities.influenced_window_days
            and judged_opportunities.counts_until >= engagements.engaged_on
    where engagements.partner_id is not null
    group by judged_opportunities.opportunity_key, engagements.partner_id

),

candidates as (

    select
        claims.recorded_on,
        helpful_engagements.first_engaged_on,
        coalesce(claims.opportunity_key, helpful_engagements.opportunity_key) as opportunity_key,
        coalesce(claims.partner_id, helpful_engagements.partner_id) as partner_id,
        coalesce(claims.claim, 'engagement') as claim,
        coalesce(helpful_engagements.engagement_count, 0) as engagement_count
    from claims
    full outer join helpful_engagements
        on
            claims.opportunity_key = helpful_engagements.opportunity_key
            and claims.partner_id = helpful_engagements.partner_id

),

-- Each condition of the rule by itself; what is not known is not met.
tested as (

    select
        candidates.*,
        judged_opportunities.amount_usd,
        judged_opportunities.created_on,
        judged_opportunities.rule_valid_from,
        judged_opportunities.requires_mapping_first,
        first_mapped.mapped_on,
        excluded_pairs.account_key is not null as is_excluded,
        candidates.claim = 'sourced'
        and coalesce(
            candidates.recorded_on between
            judged_opportunities.created_on - judged_opportunities.sourced_window_days
            and judged_opportunities.created_on + judged_opportunities.sourced_window_days,
            false
        ) as is_recorded_as_source_in_time,
        candidates.engagement_count > 0
        or coalesce(candidates.recorded_on <= judged_opportunities.counts_until, false) as is_influence_in_time,
        not judged_opportunities.requires_mapping_first
        or coalesce(first_mapped.mapped_on <= judged_opportunities.created_on, false) as is_mapped_before_creation,
        not judged_opportunities.requires_mapping_first
        or coalesce(first_mapped.mapped_on <= judged_opportunities.counts_until, false) as is_mapped_before_close
    from candidates
    inner join judged_opportunities on candidates.opportunity_key = judged_opportunities.opportunity_key
    left join first_mapped
        on
            judged_opportunities.account_key = first_mapped.account_key
            and candidates.partner_id = first_mapped.partner_id
    left join excluded_pairs
        on
            judged_opportunities.account_key = excluded_pairs.account_key
            and candidates.partner_id = excluded_pairs.partner_id

),

attributed as (

    select
        *,
        case
            when is_excluded or rule_valid_from is null then 'none'
            when is_recorded_as_source_in_time and is_mapped_before_creation then 'sourced'
            when is_influence_in_time and is_mapped_before_close then 'influenced'
            else 'none'
        end as attribution
    from tested

),

ranked as (

    select
        *,
        row_number() over (
            partition by opportunity_key
            order by
                case attribution when 'sourced' then 1 when 'influenced' then 2 else 3 end,
                case when claim = 'engagement' then 2 else 1 end,
                coalesce(recorded_on, first_engaged_on) nulls last,
                engagement_count desc,
                partner_id asc
        ) = 1
        and attribution <> 'none' as is_primary_credit
    from attributed

),

final as (

    select
        opportunity_key,
        partner_id,
        -- what speaks for the partner
        claim,
        recorded_on,
        mapped_on,
        first_engaged_on,
        {{ if_delivered('engagements', 'engagement_count') }} as engagement_count,
        -- what the rule makes of it
        rule_valid_from,
        attribution,
        is_primary_credit,
        cast(case when is_primary_credit then amount_usd else 0 end as decimal(38, 2)) as credited_amount_usd,
        case
            when attribution <> 'none' then null
            when is_excluded then 'excluded'
            when created_on is null then 'no creation date'
            when rule_valid_from is null then 'no rule in force'
            when requires_mapping_first and mapped_on is null then 'not mapped'
            when not is_mapped_before_close then 'mapped after the opportunity'
            when recorded_on is null then 'no date recorded'
            else 'recorded outside the window'
        end as refusal_reason
    from ranked

)

select * from final
