with alignments as (

    select * from {{ ref('mart_icp_alignment') }}

),

coverage as (

    select * from {{ ref('mart_partner_coverage') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

our_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us'

),

levels as (

    select
        partner_id,
        partner_name,
        cast(round(avg(alignment_level) filter (where is_averaged), 2) as decimal(4, 2)) as overall_alignment,
        count(alignment_level) filter (where is_averaged) as averaged_attribute_count,
        count(alignment_level) as known_attribute_count,
        max(alignment_level) filter (where attribute = 'buying_centre') as persona_level,
        string_agg(
            case when alignment_level >= {{ var('aligned_attribute_level') }} then replace(attribute, '_', ' ') end,
            ', ' order by attribute_number
        ) as aligned_attributes
    from alignments
    group by partner_id, partner_name

),

-- Without a definition of ours there is no row here, and the number is unknown.
counted as (

    select
        account_overlaps.partner_id,
        count(*) filter (where our_fits.fit_level = 'strong') as strong_fit_overlap_count
    from account_overlaps
    inner join our_fits on account_overlaps.account_key = our_fits.account_key
    group by account_overlaps.partner_id

),

has_definition as (

    select count(*) > 0 as is_defined from our_fits

),

joined as (

    select
        levels.*,
        coverage.our_icp_coverage_rate,
        case when has_definition.is_defined then coalesce(counted.strong_fit_overlap_count, 0) end
            as strong_fit_overlap_count,
        coverage.our_icp_coverage_rate >= {{ var('strong_alignment_overlap_rate') }} as is_overlap_reached,
        levels.persona_level >= {{ var('matching_persona_level') }} as is_persona_matching
    from levels
    cross join has_definition
    left join coverage on levels.partner_id = coverage.partner_id
    left join counted on levels.partner_id = counted.partner_id

),

final as (

    select
        partner_id,
        partner_name,
        overall_alignment,
        averaged_attribute_count,
        our_icp_coverage_rate,
        our_icp_coverage_rate as overlap_rate,
        persona_level,
        strong_fit_overlap_count,
        case
            when is_overlap_reached is null or is_persona_matching is null then 'unknown'
            when is_overlap_reached and is_persona_matching then 'strong'
            when is_overlap_reached then 'overlap without personas'
            when is_persona_matching and strong_fit_overlap_count > 0 then 'few but good'
            else 'weak'
        end as alignment_verdict,
        case
            when aligned_attributes is not null then concat('Aligned on: ', aligned_attributes, '.')
            when known_attribute_count > 0 then 'Nothing aligned.'
            else 'No attribute is defined by both.'
        end as note
    from joined

)

select * from final
