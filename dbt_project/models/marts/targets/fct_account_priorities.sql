{{ history() }}

with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

records as (

    select * from {{ ref('stg_accounts') }}

),

contacts as (

    select * from {{ ref('stg_contacts') }}

),

our_icp_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us'

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

opportunity_partners as (

    select * from {{ ref('fct_opportunity_partners') }}

),

engagements as (

    select * from {{ ref('fct_engagements') }}

),

scoring_weights as (

    select * from {{ ref('scoring_weights') }}

),

score_levels as (

    select * from {{ ref('score_levels') }}

),

tier_rules as (

    select * from {{ ref('tier_rules') }}

),

described_records as (

    select
        account_records.account_key,
        records.party_id,
        records.relationship_strength,
        records.timing_signal,
        records.competitor_strength,
        records.expected_deal_size_usd
    from account_records
    inner join records on account_records.record_key = records.record_key

),

expected_deals as (

    select
        account_key,
        max(expected_deal_size_usd) as expected_deal_size_usd
    from described_records
    where party_id = 'us'
    group by account_key

),

-- What the partner says of the account, and of each of the persons it knows there.
partner_levels as (

    select
        account_key,
        party_id as partner_id,
        relationship_strength as stated_level
    from described_records
    where party_id <> 'us'
    union all
    select
        account_records.account_key,
        contacts.party_id as partner_id,
        contacts.relationship_strength as stated_level
    from contacts
    inner join account_records on contacts.account_record_key = account_records.record_key

),

our_levels as (

    select
        account_key,
        'icp_fit' as component,
        fit_level as stated_level
    from our_icp_fits
    union all
    select
        account_key,
        'timing' as component,
        timing_signal as stated_level
    from described_records
    where party_id = 'us'
    union all
    select
        account_key,
        'deal_size' as component,
        case
            when expected_deal_size_usd > {{ var('acv_usd') }} * (1 + {{ var('acv_tolerance_rate') }}) then 'above'
            when expected_deal_size_usd < {{ var('acv_usd') }} * (1 - {{ var('acv_tolerance_rate') }}) then 'below'
            when expected_deal_size_usd is not null then 'at'
        end as stated_level
    from expected_deals
    union all
    select
        account_key,
        'competition' as component,
        competitor_strength as stated_level
    from described_records
    where party_id = 'us'

),

levels as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        'relationship_strength' as component,
        partner_levels.stated_level
    from account_overlaps
    inner join partner_levels
        on
            account_overlaps.account_key = partner_levels.account_key
            and account_overlaps.partner_id = partner_levels.partner_id
    union all
    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        our_levels.component,
        our_levels.stated_level
    from account_overlaps
    inner join our_levels on account_overlaps.account_key = our_levels.account_key

),

-- Of several words the best counts; a word without a score (unknown) says nothing.
best_levels as (

    select
        levels.account_key,
        levels.partner_id,
        levels.component,
        score_levels.level,
        score_levels.score
    from levels
    inner join score_levels
        on levels.component = score_levels.component and levels.stated_level = score_levels.level
    qualify row_number() over (
        partition by levels.account_key, levels.partner_id, levels.component
        order by score_levels.score desc, score_levels.level asc
    ) = 1

),

-- Every component of every pair, the missing ones too.
component_scores as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        scoring_weights.component,
        scoring_weights.component_number,
        scoring_weights.weight,
        best_levels.level,
        coalesce(best_levels.score, {{ var('missing_component_score') }}) as score
    from account_overlaps
    cross join scoring_weights
    left join best_levels
        on
            account_overlaps.account_key = best_levels.account_key
            and account_overlaps.partner_id = best_levels.partner_id
            and scoring_weights.component = best_levels.component

),

component_columns as (

    select
        account_key,
        partner_id,
        {% for component in priority_components() %}
        max(level) filter (where component = '{{ component }}') as {{ component }}_level,
        max(score) filter (where component = '{{ component }}') as {{ component }}_score,
        {% endfor %}
        string_agg(component, ', ' order by component_number) filter (where level is null) as missing_components,
        count(*) filter (where level is null) as missing_component_count,
        sum(weight * score) as priority_score
    from component_scores
    group by account_key, partner_id

),

-- Fit and deal size say what an account is worth; these three say how likely we win it together. Without an ideal
-- customer of ours no account has a fit, not even an unknown one, and tiers go by points.
scored as (

    select
        *,
        case when (select count(*) from our_icp_fits) > 0 then 'fit and likelihood' else 'points' end as tier_basis,
        relationship_strength_score + timing_score + competition_score as likelihood_score
    from component_columns

),

tiers as (

    select
        scored.account_key,
        scored.partner_id,
        min_by(tier_rules.tier, tier_rules.rule_number) as tier
    from scored
    inner join tier_rules
        on
            scored.tier_basis = 'fit and likelihood'
            and scored.icp_fit_score >= tier_rules.least_icp_fit_score
            and scored.likelihood_score >= tier_rules.least_likelihood_score
            or scored.tier_basis = 'points'
            and scored.priority_score >= tier_rules.least_priority_score
    group by scored.account_key, scored.partner_id

),

won_pairs as (

    select distinct
        account_overlaps.account_key,
        account_overlaps.partner_id
    from account_overlaps
    inner join opportunities on account_overlaps.account_key = opportunities.account_key
    where
        opportunities.outcome = 'won'
        and opportunities.closed_on between account_overlaps.mapped_on and {{ as_of_date() }}
        and opportunities.closed_on > {{ as_of_date() }} - {{ var('won_days') }}

),

-- An open opportunity that this partner has no part in is no joint pipeline: with this partner the account is still to
-- be won, and all the more.
pipeline_pairs as (

    select distinct
        opportunities.account_key,
        opportunity_partners.partner_id
    from opportunities
    inner join opportunity_partners on opportunities.opportunity_key = opportunity_partners.opportunity_key
    where opportunities.is_open and opportunity_partners.attribution <> 'none'

),

contacted_pairs as (

    select distinct
        account_overlaps.account_key,
        account_overlaps.partner_id
    from account_overlaps
    inner join engagements
        on
            account_overlaps.account_key = engagements.account_key
            and account_overlaps.partner_id = engagements.partner_id
    where
        engagements.engaged_on between account_overlaps.mapped_on and {{ as_of_date() }}
        and engagements.engaged_on > {{ as_of_date() }} - {{ var('contacted_days') }}

),

with_states as (

    select
        scored.*,
        tiers.tier,
        expected_deals.expected_deal_size_usd,
        case
            when won_pairs.account_key is not null then 'won'
            when pipeline_pairs.account_key is not null then 'in pipeline'
            when contacted_pairs.account_key is not null then 'contacted'
            else 'target'
        end as target_state
    from scored
    left join tiers on scored.account_key = tiers.account_key and scored.partner_id = tiers.partner_id
    left join expected_deals on scored.account_key = expected_deals.account_key
    left join won_pairs on scored.account_key = won_pairs.account_key and scored.partner_id = won_pairs.partner_id
    left join pipeline_pairs
        on scored.account_key = pipeline_pairs.account_key and scored.partner_id = pipeline_pairs.partner_id
    left join contacted_pairs
        on scored.account_key = contacted_pairs.account_key and scored.partner_id = contacted_pairs.partner_id

),

ranked as (

    select
        account_key,
        partner_id,
        row_number() over (
            partition by partner_id
            order by {{ priority_order() }}
        ) as priority_rank
    from with_states
    where target_state = 'target'

),

-- An account is focused on once, with the partner with whom it stands best.
best_pairs as (

    select
        account_key,
        partner_id,
        tier,
        priority_score
    from with_states
    where target_state = 'target' and tier in ('T1', 'T2')
    qualify row_number() over (
        partition by account_key
        order by tier asc, priority_score desc, missing_component_count asc, partner_id asc
    ) = 1

),

focused as (

    select
        account_key,
        partner_id,
        row_number() over (order by tier asc, priority_score desc, account_key asc) as focus_rank
    from best_pairs

),

final as (

    select
        {{ as_of_month() }} as as_of_month,
        with_states.account_key,
        with_states.partner_id,
        -- the components
        {% for component in priority_components() %}
        with_states.{{ component }}_level,
        with_states.{{ component }}_score,
        {% endfor %}
        with_states.missing_components,
        cast(with_states.missing_component_count as integer) as missing_component_count,
        cast(with_states.expected_deal_size_usd as decimal(38, 2)) as expected_deal_size_usd,
        -- the answer
        cast(with_states.priority_score as integer) as priority_score,
        with_states.target_state,
        ranked.priority_rank,
        coalesce(ranked.priority_rank <= {{ var('top_account_count') }}, false) as is_top,
        with_states.likelihood_score,
        with_states.tier,
        with_states.tier_basis,
        focused.focus_rank,
        coalesce(focused.focus_rank <= {{ var('focused_account_count') }}, false) as is_focused
    from with_states
    left join ranked
        on with_states.account_key = ranked.account_key and with_states.partner_id = ranked.partner_id
    left join focused
        on with_states.account_key = focused.account_key and with_states.partner_id = focused.partner_id

)

select * from final
