-- The evidence of every comparison in 1/1000 bit, as integers; how far the pair leads over the other choices of its two
-- records is evidence too.
with compared_pairs as (

    select * from {{ ref('res_compared_pairs') }}

),

match_weights as (

    select * from {{ ref('match_weights') }}

),

prior as (

    select
        weight_millibits as prior_millibits,
        version as rules_version
    from match_weights
    where comparison = 'prior' and level = 'fitted'

),

weighed as (

    select
        compared_pairs.left_record_number,
        compared_pairs.right_record_number,
        compared_pairs.left_party_id,
        compared_pairs.right_party_id,
        prior.prior_millibits,
        prior.rules_version,
    {% for comparison in comparisons() -%}
    coalesce({{ comparison }}_weights.weight_millibits, 0) as {{ comparison }}_millibits{{ ',' if not loop.last }}
    {% endfor %}
    from compared_pairs
    cross join prior
    {% for comparison in comparisons() -%}
    left join match_weights as {{ comparison }}_weights
        on
            {{ comparison }}_weights.comparison = '{{ comparison }}'
            and compared_pairs.{{ comparison }}_level = {{ comparison }}_weights.level
    {% endfor %}

),

summed as (

    select
        *,
        prior_millibits
        {%- for comparison in comparisons() %}
        + {{ comparison }}_millibits
        {%- endfor %} as own_millibits
    from weighed

),

-- Both ends of a pair, to see whom else each record could be: of the other side's party, best first.
ends as (

    select
        left_record_number as record_number,
        right_record_number as other_record_number,
        right_party_id as other_party_id,
        own_millibits
    from summed
    union all
    select
        right_record_number as record_number,
        left_record_number as other_record_number,
        left_party_id as other_party_id,
        own_millibits
    from summed

),

ranked_ends as (

    select
        record_number,
        other_record_number,
        own_millibits,
        row_number() over best_first as choice,
        first_value(other_record_number) over best_first as best_record_number,
        first_value(own_millibits) over best_first as best_millibits,
        nth_value(other_record_number, 2) over whole_choice as second_record_number,
        nth_value(own_millibits, 2) over whole_choice as second_millibits
    from ends
    window
        best_first as (
            partition by record_number, other_party_id
            order by own_millibits desc, other_record_number asc
        ),
        whole_choice as (
            partition by record_number, other_party_id
            order by own_millibits desc, other_record_number asc
            rows between unbounded preceding and unbounded following
        )

),

rivals as (

    select
        record_number,
        other_record_number,
        case when choice = 1 then second_record_number else best_record_number end as rival_record_number,
        case when choice = 1 then second_millibits else best_millibits end as rival_millibits,
        own_millibits - case when choice = 1 then second_millibits else best_millibits end as lead_millibits
    from ranked_ends

),

contested as (

    select
        summed.*,
        left_rivals.rival_record_number as left_rival_record_number,
        left_rivals.rival_millibits as left_rival_millibits,
        left_rivals.lead_millibits as left_lead_millibits,
        right_rivals.rival_record_number as right_rival_record_number,
        right_rivals.rival_millibits as right_rival_millibits,
        right_rivals.lead_millibits as right_lead_millibits
    from summed
    inner join rivals as left_rivals
        on
            summed.left_record_number = left_rivals.record_number
            and summed.right_record_number = left_rivals.other_record_number
    inner join rivals as right_rivals
        on
            summed.right_record_number = right_rivals.record_number
            and summed.left_record_number = right_rivals.other_record_number

),

-- The runner-up is the stronger of the two ends' other choices. Without any, the lead is unbounded (null).
runners_up as (

    select
        *,
        case
            when left_rival_millibits is null then right_rival_record_number
            when right_rival_millibits is null then left_rival_record_number
            when left_rival_millibits >= right_rival_millibits then left_rival_record_number
            else right_rival_record_number
        end as runner_up_record_number,
        greatest(left_rival_millibits, right_rival_millibits) as runner_up_millibits,
        least(left_lead_millibits, right_lead_millibits) as smaller_lead_millibits,
        case
            when left_lead_millibits is not null and right_lead_millibits is not null
                then greatest(left_lead_millibits, right_lead_millibits)
        end as larger_lead_millibits
    from contested

),

led as (

    select
        *,
    {% for lead in ['smaller_lead', 'larger_lead'] -%}
    case
        -- duplicates inside one list are no rivals
        when left_party_id = right_party_id then 'unknown'
        when {{ lead }}_millibits is null then 'no rival'
        when {{ lead }}_millibits = 0 then 'tie'
        when {{ lead }}_millibits > 0 then 'ahead by ' || {{ level_between(lead ~ '_millibits', 'ahead', 1000) }}
        -- behind by just as much as a cut is still the level below it
        else 'behind by ' || {{ level_between('(-' ~ lead ~ '_millibits - 1)', 'behind', 1000) }}
    end as {{ lead }}_level{{ ',' if not loop.last }}
    {% endfor %}
    from runners_up

),

final as (

    select
        led.*,
        cast(
            led.own_millibits
            + coalesce(smaller_lead_weights.weight_millibits, 0)
            + coalesce(larger_lead_weights.weight_millibits, 0) as bigint
        ) as fitted_millibits,
        coalesce(smaller_lead_weights.weight_millibits, 0) as smaller_lead_evidence_millibits,
        coalesce(larger_lead_weights.weight_millibits, 0) as larger_lead_evidence_millibits
    from led
    left join match_weights as smaller_lead_weights
        on
            smaller_lead_weights.comparison = 'smaller_lead'
            and led.smaller_lead_level = smaller_lead_weights.level
    left join match_weights as larger_lead_weights
        on
            larger_lead_weights.comparison = 'larger_lead'
            and led.larger_lead_level = larger_lead_weights.level

)

-- the columns of the CTEs are made by loops, so the linter cannot count them
select * from final -- noqa: AM04
