{%- set counts -%}
(
            attribution_engagements.engagement_type is not null
            and engagements.engaged_on >= judged_opportunities.created_on - judged_opportunities.engagement_window_days
        )
{%- endset -%}

with opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us'

),

opportunity_claims as (

    select * from {{ ref('stg_opportunity_claims') }}

),

credit_decisions as (

    select * from {{ ref('stg_credit_decisions') }}
    where is_in_force

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

attribution_engagements as (

    select * from {{ ref('attribution_engagements') }}

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
        opportunities.created_on,
        account_records.account_key,
        rules.valid_from as rule_valid_from,
        rules.sourced_window_days,
        rules.influenced_window_days,
        rules.engagement_window_days,
        rules.requires_mapping_first,
        coalesce(opportunities.closed_on, {{ as_of_date() }}) as counts_until
    from opportunities
    left join account_records on opportunities.account_record_key = account_records.record_key
    left join rules
        on
            opportunities.created_on >= rules.valid_from
            and (rules.valid_until is null or opportunities.created_on < rules.valid_until)

),

claims as (

    select
        opportunity_claims.opportunity_key,
        opportunity_claims.partner_id,
        opportunity_claims.claim,
        opportunity_claims.recorded_on
    from opportunity_claims
    inner join partners on opportunity_claims.partner_id = partners.party_id

),

-- What was done with a partner at the account, from the longer of the two windows on until the deal closed. It counts
-- as help with the deal if its kind is one of the rule's and its day lies near enough; else the partner was just there.
nearby_engagements as (

    select
        judged_opportunities.opportunity_key,
        engagements.partner_id,
        min(engagements.engaged_on) filter (where {{ counts }}) as first_engaged_on,
        count(*) filter (where {{ counts }}) as engagement_count,
        count(*) filter (where not {{ counts }}) as other_engagement_count
    from judged_opportunities
    inner join engagements
        on
            judged_opportunities.account_key = engagements.account_key
            and engagements.engaged_on >= judged_opportunities.created_on - greatest(
                judged_opportunities.influenced_window_days, judged_opportunities.engagement_window_days
            )
            and judged_opportunities.counts_until >= engagements.engaged_on
    left join attribution_engagements
        on
            judged_opportunities.rule_valid_from = attribution_engagements.valid_from
            and engagements.engagement_type = attribution_engagements.engagement_type
    where engagements.partner_id is not null
    group by judged_opportunities.opportunity_key, engagements.partner_id

),

candidate_keys as (

    select
        opportunity_key,
        partner_id
    from claims
    union
    select
        opportunity_key,
        partner_id
    from nearby_engagements
    union
    select
        opportunity_key,
        partner_id
    from credit_decisions

),

candidates as (

    select
        candidate_keys.opportunity_key,
        candidate_keys.partner_id,
        claims.recorded_on,
        nearby_engagements.first_engaged_on,
        credit_decisions.credit as decided_credit,
        credit_decisions.decided_by,
        credit_decisions.decided_on,
        credit_decisions.reason as decision_reason,
        case
            when claims.claim is not null then claims.claim
            when nearby_engagements.opportunity_key is not null then 'engagement'
            else 'none'
        end as claim,
        coalesce(nearby_engagements.engagement_count, 0) as engagement_count,
        coalesce(nearby_engagements.other_engagement_count, 0) as other_engagement_count
    from candidate_keys
    left join claims
        on
            candidate_keys.opportunity_key = claims.opportunity_key
            and candidate_keys.partner_id = claims.partner_id
    left join nearby_engagements
        on
            candidate_keys.opportunity_key = nearby_engagements.opportunity_key
            and candidate_keys.partner_id = nearby_engagements.partner_id
    left join credit_decisions
        on
            candidate_keys.opportunity_key = credit_decisions.opportunity_key
            and candidate_keys.partner_id = credit_decisions.partner_id

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
        or coalesce(
            candidates.recorded_on between
            judged_opportunities.created_on - judged_opportunities.influenced_window_days
            and judged_opportunities.counts_until,
            false
        ) as is_influence_in_time,
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
            when is_excluded then 'none'
            when decided_credit is not null then decided_credit
            when rule_valid_from is null then 'none'
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
                case when decided_credit is null then 2 else 1 end,
                case when claim in ('sourced', 'influenced') then 1 else 2 end,
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
        {{ if_delivered('engagements', 'other_engagement_count') }} as other_engagement_count,
        -- what a person said of it
        decided_credit,
        decided_by,
        decided_on,
        decision_reason,
        -- what the rule makes of it
        rule_valid_from,
        attribution,
        is_primary_credit,
        cast(case when is_primary_credit then amount_usd else 0 end as decimal(38, 2)) as credited_amount_usd,
        case
            when attribution <> 'none' then null
            when is_excluded then 'excluded'
            when decided_credit is not null then 'decided by a person'
            when created_on is null then 'no creation date'
            when rule_valid_from is null then 'no rule in force'
            when requires_mapping_first and mapped_on is null then 'not mapped'
            when not is_mapped_before_close then 'mapped after the opportunity'
            when claim = 'engagement' then 'presence alone'
            when recorded_on is null then 'no date recorded'
            else 'recorded outside the window'
        end as refusal_reason
    from ranked

)

select * from final
