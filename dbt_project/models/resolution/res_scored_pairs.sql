-- The evidence of every comparison in 1/1000 bit, as integers, and what it sums up to.
{% set comparisons = [
    'registration', 'domain', 'domain_label', 'name', 'name_kind', 'distinctiveness', 'rest', 'spelling', 'substring',
    'first_word', 'numeral', 'legal_form', 'namesake', 'country', 'city', 'phone',
] -%}

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

fitted_shares as (
    select weight_millibits as fitted_share_millibits
    from match_weights
    where comparison = 'prior' and level = 'true share'
),

weighed as (
    select
        compared_pairs.*,
        prior.prior_millibits,
        prior.rules_version,
    {% for comparison in comparisons -%}
    coalesce({{ comparison }}_weights.weight_millibits, 0) as {{ comparison }}_millibits{{ ',' if not loop.last }}
    {% endfor %}
    from compared_pairs
    cross join prior
    {% for comparison in comparisons -%}
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
        {%- for comparison in comparisons %}
        + {{ comparison }}_millibits
        {%- endfor %} as own_millibits
    from weighed
),

-- Both ends of a pair, to see whom else each record could be: of the other side's party, best first.
ends as (
    select
        left_record_key as record_key,
        right_record_key as other_record_key,
        right_party_id as other_party_id,
        own_millibits
    from summed
    union all
    select
        right_record_key as record_key,
        left_record_key as other_record_key,
        left_party_id as other_party_id,
        own_millibits
    from summed
),

ranked_ends as (
    select
        record_key,
        other_record_key,
        own_millibits,
        row_number() over best_first as choice,
        first_value(other_record_key) over best_first as best_record_key,
        first_value(own_millibits) over best_first as best_millibits,
        nth_value(other_record_key, 2) over whole_choice as second_record_key,
        nth_value(own_millibits, 2) over whole_choice as second_millibits
    from ends
    window
        best_first as (
            partition by record_key, other_party_id
            order by own_millibits desc, other_record_key asc
        ),
        whole_choice as (
            partition by record_key, other_party_id
            order by own_millibits desc, other_record_key asc
            rows between unbounded preceding and unbounded following
        )
),

rivals as (
    select
        record_key,
        other_record_key,
        case when choice = 1 then second_record_key else best_record_key end as rival_record_key,
        case when choice = 1 then second_millibits else best_millibits end as rival_millibits,
        own_millibits - case when choice = 1 then second_millibits else best_millibits end as lead_millibits
    from ranked_ends
),

contested as (
    select
        summed.*,
        left_rivals.rival_record_key as left_rival_record_key,
        left_rivals.rival_millibits as left_rival_millibits,
        left_rivals.lead_millibits as left_lead_millibits,
        right_rivals.rival_record_key as right_rival_record_key,
        right_rivals.rival_millibits as right_rival_millibits,
        right_rivals.lead_millibits as right_lead_millibits
    from summed
    inner join rivals as left_rivals
        on
            summed.left_record_key = left_rivals.record_key
            and summed.right_record_key = left_rivals.other_record_key
    inner join rivals as right_rivals
        on
            summed.right_record_key = right_rivals.record_key
            and summed.left_record_key = right_rivals.other_record_key
),

-- The runner-up is the stronger of the two ends' other choices. Without any, the lead is unbounded (null).
runners_up as (
    select
        *,
        case
            when left_rival_millibits is null then right_rival_record_key
            when right_rival_millibits is null then left_rival_record_key
            when left_rival_millibits >= right_rival_millibits then left_rival_record_key
            else right_rival_record_key
        end as runner_up_record_key,
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
        when {{ lead }}_millibits is null then 'no rival'
        when {{ lead }}_millibits < -8000 then 'behind by over 8'
        when {{ lead }}_millibits < -4000 then 'behind by 4 to 8'
        when {{ lead }}_millibits < -1000 then 'behind by 1 to 4'
        when {{ lead }}_millibits < 0 then 'behind by under 1'
        when {{ lead }}_millibits = 0 then 'tie'
        when {{ lead }}_millibits < 2000 then 'ahead by under 2'
        when {{ lead }}_millibits < 4000 then 'ahead by 2 to 4'
        when {{ lead }}_millibits < 8000 then 'ahead by 4 to 8'
        else 'ahead by over 8'
    end as {{ lead }}_level{{ ',' if not loop.last }}
    {% endfor %}
    from runners_up
),

scored as (
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
),

score_counts as (
    select
        left_party_id,
        right_party_id,
        fitted_millibits,
        count(*) as pair_count
    from scored
    group by left_party_id, right_party_id, fitted_millibits
),

score_lists as (
    select
        left_party_id,
        right_party_id,
        list(fitted_millibits order by fitted_millibits) as millibits,
        list(pair_count order by fitted_millibits) as counts
    from score_counts
    group by left_party_id, right_party_id
),

-- How many of the candidates are true pairs differs from list to list, so it is estimated for each pair of lists. One
-- party's own list is assumed to hold no more duplicates than its scores say, and never more than other lists do.
prior_shifts as (
    select
        score_lists.left_party_id,
        score_lists.right_party_id,
        prior_shift_millibits(
            score_lists.millibits,
            score_lists.counts,
            1.0 / (1.0 + power(2.0, -fitted_shares.fitted_share_millibits / 1000.0)),
            {{ var('prior_pair_count') }}
        ) as estimated_shift_millibits
    from score_lists
    cross join fitted_shares
),

shifted as (
    select
        scored.*,
        case
            when scored.left_party_id = scored.right_party_id
                then least(prior_shifts.estimated_shift_millibits, 0)
            else least(prior_shifts.estimated_shift_millibits, {{ var('largest_prior_shift_millibits') }})
        end as list_prior_millibits
    from scored
    inner join prior_shifts
        on
            scored.left_party_id = prior_shifts.left_party_id
            and scored.right_party_id = prior_shifts.right_party_id
),

summed_up as (
    select
        *,
        cast(fitted_millibits + list_prior_millibits as integer) as match_bits
    from shifted
),

final as (
    select
        *,
        1.0 / (1.0 + power(2.0, -match_bits / 1000.0)) as match_probability
    from summed_up
)

-- the columns of res_compared_pairs are passed on as they are, so the linter cannot count them
select * from final -- noqa: AM04
