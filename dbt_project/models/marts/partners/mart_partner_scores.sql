{%- set components = ['account_overlap', 'segment_fit', 'selling_capacity', 'motion_fit'] -%}

with partners as (

    select * from {{ ref('dim_partners') }}

),

coverage as (

    select * from {{ ref('mart_partner_coverage') }}

),

-- Excluded accounts and partners of ours are no market; they are in no numerator and no denominator.
account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and not is_excluded and not is_partner

),

our_industry_rules as (

    select * from {{ ref('stg_icp_rules') }}
    where party_id = 'us' and field = 'industry' and problem is null and is_in_force

),

motion_fit as (

    select * from {{ ref('motion_fit') }}

),

weights as (

    select * from {{ ref('partner_score_weights') }}

),

onboarding_capacity as (

    select * from {{ ref('onboarding_capacity') }}
    where quarter_start = {{ quarter_start() }}

),

impressions as (

    select * from {{ ref('partner_impressions') }}
    where said_on <= {{ as_of_date() }}

),

our_industries as (

    select distinct lower(unnest(words)) as industry
    from our_industry_rules

),

partner_segments as (

    select distinct
        partner_id,
        lower(unnest({{ listed_words('segments') }})) as segment
    from partners

),

-- Without industries in our definition nobody knows what fits.
fitting_segments as (

    select
        partner_segments.partner_id,
        count(*) as segment_count,
        count(our_industries.industry) as fitting_segment_count
    from partner_segments
    left join our_industries on partner_segments.segment = our_industries.industry
    where (select count(*) from our_industry_rules) > 0
    group by partner_segments.partner_id

),

pipelines as (

    select
        partner_id,
        sum(our_open_pipeline_usd) as our_pipeline_usd,
        sum(case when is_overlap then our_open_pipeline_usd else 0 end) as shared_pipeline_usd
    from account_overlaps
    group by partner_id

),

rated as (

    select
        partners.partner_id,
        partners.seller_count,
        coverage.our_icp_coverage_rate,
        {{ rate('pipelines.shared_pipeline_usd', 'pipelines.our_pipeline_usd') }} as our_pipeline_coverage_rate,
        motion_fit.score as motion_score,
        {{ rate('fitting_segments.fitting_segment_count', 'fitting_segments.segment_count') }} as fitting_segment_rate
    from partners
    left join coverage on partners.partner_id = coverage.partner_id
    left join pipelines on partners.partner_id = pipelines.partner_id
    left join motion_fit on partners.motion = motion_fit.motion
    left join fitting_segments on partners.partner_id = fitting_segments.partner_id

),

reached_shares as (

    select
        *,
        {{ share_reached('our_icp_coverage_rate', var('partner_full_overlap_rate')) }} as market_half,
        {{ share_reached('our_pipeline_coverage_rate', var('partner_full_pipeline_rate')) }} as pipeline_half,
        {{ share_reached('seller_count', var('partner_full_seller_count')) }} as seller_share
    from rated

),

-- Without any open pipeline of ours the market says it all, and the other way round.
scored as (

    select
        partner_id,
        seller_count,
        our_icp_coverage_rate,
        our_pipeline_coverage_rate,
        {{ score('50 * (coalesce(market_half, pipeline_half) + coalesce(pipeline_half, market_half))') }}
            as account_overlap_score,
        {{ score('100 * fitting_segment_rate') }} as segment_fit_score,
        {{ score('100 * seller_share') }} as selling_capacity_score,
        {{ score('motion_score') }} as motion_fit_score
    from reached_shares

),

components as (

    {% for component in components %}
    select
        partner_id,
        '{{ component }}' as component,
        {{ component }}_score as score
    from scored
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

weighed as (

    select
        components.*,
        weights.weight,
        concat(components.component, ' ', components.score) as described,
        components.score < {{ var('partner_nurture_score') }} as is_weak
    from components
    inner join weights on components.component = weights.component

),

weighted as (

    select
        partner_id,
        sum(weight * score) as weighted_score,
        sum(weight) filter (where score is not null) as known_weight,
        string_agg(component, ', ' order by weight desc, component asc) filter (where score is null)
            as missing_components,
        string_agg(described, ', ' order by score asc, weight desc, component asc) filter (where is_weak)
            as weak_components
    from weighed
    group by partner_id

),

-- Without a list nobody knows the component that weighs most, and a score of the rest would be read as one of all.
totalled as (

    select
        scored.*,
        weighted.missing_components,
        weighted.weak_components,
        case
            when scored.account_overlap_score is not null
                then {{ score('weighted.weighted_score / weighted.known_weight') }}
        end as partner_score
    from scored
    inner join weighted on scored.partner_id = weighted.partner_id

),

judged as (

    select
        *,
        account_overlap_score >= {{ var('referral_overlap_score') }} and seller_count = 0 as is_referral_source
    from totalled

),

-- Nobody to sell is no recruit, however high the score, and takes no place.
decided as (

    select
        judged.*,
        case
            when judged.partner_score is null then 'unknown'
            when judged.partner_score < {{ var('partner_nurture_score') }} then 'pass'
            when judged.is_referral_source then 'refer'
            when judged.partner_score < {{ var('partner_recruit_score') }} then 'nurture'
            when partners.status = 'signed' then 'keep'
            else 'recruit'
        end as decision
    from judged
    inner join partners on judged.partner_id = partners.partner_id

),

last_impressions as (

    select
        partner_id,
        impression
    from impressions
    qualify row_number() over (
        partition by partner_id, said_by
        order by said_on desc
    ) = 1

),

averaged_impressions as (

    select
        partner_id,
        cast(avg(impression) as decimal(4, 2)) as impression
    from last_impressions
    group by partner_id

),

recruit_ranks as (

    select
        decided.partner_id,
        row_number() over (
            order by
                decided.partner_score desc,
                coalesce(averaged_impressions.impression, 0) desc,
                decided.partner_id asc
        ) as recruit_rank
    from decided
    left join averaged_impressions on decided.partner_id = averaged_impressions.partner_id
    where decided.decision = 'recruit'

),

signed_this_quarter as (

    select count(*) as partner_count
    from partners
    where
        status = 'signed'
        and signed_on between {{ quarter_start() }} and {{ as_of_date() }}

),

-- No row when nobody has written down the quarter's capacity.
places as (

    select greatest(onboarding_capacity.partner_count - signed_this_quarter.partner_count, 0) as free_place_count
    from onboarding_capacity
    cross join signed_this_quarter

),

queued as (

    select
        decided.*,
        averaged_impressions.impression,
        recruit_ranks.recruit_rank,
        places.free_place_count,
        recruit_ranks.recruit_rank <= places.free_place_count as is_within_capacity,
        case
            when recruit_ranks.recruit_rank > places.free_place_count
                then recruit_ranks.recruit_rank - places.free_place_count
        end as waiting_number
    from decided
    left join averaged_impressions on decided.partner_id = averaged_impressions.partner_id
    left join recruit_ranks on decided.partner_id = recruit_ranks.partner_id
    left join places on true

),

final as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.status,
        partners.signed_on,
        partners.list_status,
        -- the components
        queued.account_overlap_score,
        queued.segment_fit_score,
        queued.selling_capacity_score,
        queued.motion_fit_score,
        queued.missing_components,
        queued.weak_components,
        -- what they rest on
        queued.our_icp_coverage_rate,
        queued.our_pipeline_coverage_rate,
        queued.our_pipeline_coverage_rate as pipeline_overlap_rate,
        partners.segments,
        partners.seller_count,
        partners.motion,
        -- what follows
        queued.partner_score,
        queued.decision,
        queued.is_referral_source,
        queued.impression,
        queued.recruit_rank,
        cast(queued.free_place_count as bigint) as free_place_count,
        queued.is_within_capacity,
        cast(queued.waiting_number as bigint) as waiting_number,
        concat(
            case
                when queued.decision = 'unknown' and partners.list_status = 'withdrawn'
                    then 'Withdrawn: nothing, unless they come back.'
                when queued.decision = 'unknown' and partners.list_status = 'no nda'
                    then 'Sign an NDA, then exchange lists: without one the overlap is unknown.'
                when queued.decision = 'unknown' and partners.list_status = 'no list'
                    then 'Ask for a list: without one the overlap is unknown.'
                when queued.decision = 'unknown' then 'Say what our market is: without it the overlap is unknown.'
                when queued.decision = 'keep' then 'Signed, and would be again.'
                when partners.status = 'signed' and queued.decision = 'refer' then 'Signed.'
                when queued.decision = 'refer' then 'No recruit, and takes no place.'
                when partners.status = 'signed' and queued.decision = 'nurture'
                    then concat('Signed. Weak in: ', coalesce(queued.weak_components, 'nothing by itself'), '.')
                when partners.status = 'signed'
                    then concat('Signed, and would be passed today. Weak in: ', queued.weak_components, '.')
                when queued.is_within_capacity
                    then
                        concat(
                            'Recruit: place ', queued.recruit_rank, ' of ', queued.free_place_count,
                            ' that are free this quarter.'
                        )
                when queued.waiting_number is not null
                    then concat('Wait for a place: number ', queued.waiting_number, ' of those who wait.')
                when queued.decision = 'recruit'
                    then 'Recruit, once somebody has written down how many partners the quarter can take on.'
                when queued.decision = 'nurture'
                    then concat('Nurture. Weak in: ', coalesce(queued.weak_components, 'nothing by itself'), '.')
                else concat('Pass. Weak in: ', queued.weak_components, '.')
            end,
            case
                when queued.is_referral_source then ' Agree on referrals: nobody there can carry a deal.'
                when queued.is_referral_source is null and queued.decision <> 'unknown'
                    then ' Ask for their sellers first: nobody knows whether they can carry a deal.'
            end
        ) as next_step
    from partners
    inner join queued on partners.partner_id = queued.partner_id

)

select * from final
