{%- set components = ['account_overlap', 'segment_fit', 'selling_capacity', 'motion_fit'] -%}

with partner_scores as (

    select * from {{ ref('mart_partner_scores') }}

),

partner_production as (

    select * from {{ ref('mart_partner_production') }}

),

weights as (

    select * from {{ ref('partner_score_weights') }}

),

signed_partners as (

    select
        partner_scores.*,
        partner_production.is_producer
    from partner_scores
    inner join partner_production on partner_scores.partner_id = partner_production.partner_id

),

component_scores as (

    {% for component in components %}
    select
        partner_id,
        is_producer,
        '{{ component }}' as component,
        {{ component }}_score as score
    from signed_partners
    where {{ component }}_score is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        component,
        count(*) filter (where is_producer) as producer_count,
        count(*) filter (where not is_producer) as other_count
    from component_scores
    group by component

),

-- Every producer beside every other signed partner; twice the points, so that a tie is a whole number.
won_comparisons as (

    select
        producers.component,
        sum(case when producers.score > others.score then 2 when producers.score = others.score then 1 else 0 end)
            as doubled_points
    from component_scores as producers
    inner join component_scores as others
        on
            producers.component = others.component
            and producers.is_producer
            and not others.is_producer
    group by producers.component

),

measured as (

    select
        weights.component,
        weights.weight as current_weight,
        won_comparisons.doubled_points,
        {{ if_delivered('opportunities', 'coalesce(counted.producer_count, 0)') }} as producer_count,
        {{ if_delivered('opportunities', 'coalesce(counted.other_count, 0)') }} as other_count
    from weights
    left join counted on weights.component = counted.component
    left join won_comparisons on weights.component = won_comparisons.component

),

areas as (

    select
        *,
        doubled_points / nullif(2 * producer_count * other_count, 0) as area,
        least(producer_count, other_count) >= {{ var('weight_review_least_partners') }} as is_measurable
    from measured

),

-- That probability is the area under a ROC curve; its standard error is that of Hanley and McNeil, "The meaning and use
-- of the area under a receiver operating characteristic (ROC) curve", Radiology 143 (1982), 29-36.
with_error as (

    select
        *,
        sqrt(
            (
                area * (1 - area)
                + (producer_count - 1) * (area / (2 - area) - area * area)
                + (other_count - 1) * (2 * area * area / (1 + area) - area * area)
            ) / nullif(producer_count * other_count, 0)
        ) as standard_error
    from areas

),

-- The 95 % interval.
bounded as (

    select
        *,
        area - 1.96 * standard_error as low,
        area + 1.96 * standard_error as high
    from with_error

),

-- What can be measured shares the weight it has today anew; what cannot keeps its own.
shared_out as (

    select
        *,
        case when is_measurable then greatest(area - 0.5, 0) end as lead,
        sum(case when is_measurable then current_weight end) over () as weight_to_share,
        sum(case when is_measurable then greatest(area - 0.5, 0) end) over () as lead_of_all
    from bounded

),

exact_shares as (

    select
        *,
        case when lead_of_all > 0 then round(weight_to_share * lead / lead_of_all, 9) end as exact_weight
    from shared_out

),

floored as (

    select
        *,
        floor(exact_weight) as floored_weight,
        row_number() over (
            order by exact_weight - floor(exact_weight) desc nulls last, current_weight desc, component asc
        ) as remainder_rank
    from exact_shares

),

-- Whole numbers that keep the sum: the largest remainders are rounded up.
proposed as (

    select
        *,
        floored_weight
        + case when remainder_rank <= weight_to_share - sum(floored_weight) over () then 1 else 0 end
            as proposed_weight
    from floored

),

final as (

    select
        component,
        current_weight,
        producer_count,
        other_count,
        cast(round(area, 6) as decimal(9, 6)) as producer_ahead_rate,
        case when area is not null then cast(round(greatest(low, 0), 6) as decimal(9, 6)) end
            as producer_ahead_low_rate,
        case when area is not null then cast(round(least(high, 1), 6) as decimal(9, 6)) end
            as producer_ahead_high_rate,
        cast(proposed_weight as integer) as proposed_weight,
        case
            when producer_count is null
                then 'We have delivered no opportunities, so nobody knows who produces. It keeps its weight.'
            when not is_measurable
                then
                    concat(
                        'Known of ', producer_count, ' producing and ', other_count, ' other partners; it takes ',
                        '{{ var("weight_review_least_partners") }} of each. It keeps its weight.'
                    )
            when proposed_weight is null
                then 'No component tells producing partners from the others: nothing is proposed.'
            when proposed_weight = current_weight then 'The weight is confirmed.'
            else
                concat(
                    case when proposed_weight > current_weight then 'Raise' else 'Lower' end,
                    ' it from ', current_weight, ' to ', cast(proposed_weight as integer), ', if somebody signs it',
                    case
                        when 0.5 between low and high
                            then '; it is not sure that it tells them apart at all.'
                        else '.'
                    end
                )
        end as proposal_note
    from proposed

)

select * from final
