-- What two records say about each other, what it is worth, and how likely they are one company.
with compared_pairs as (
    select * from {{ ref('res_compared_pairs') }}
),

pair_evidence as (
    select * from {{ ref('res_pair_evidence') }}
),

pair_guards as (
    select * from {{ ref('res_pair_guards') }}
),

list_priors as (
    select * from {{ ref('res_list_priors') }}
),

records as (
    select * from {{ ref('res_account_records') }}
),

summed_up as (
    select
        compared_pairs.*,
        pair_evidence.prior_millibits,
        pair_evidence.rules_version,
        {% for comparison in comparisons() -%}
        pair_evidence.{{ comparison }}_millibits,
        {% endfor -%}
        pair_evidence.own_millibits,
        pair_evidence.smaller_lead_millibits,
        pair_evidence.smaller_lead_level,
        pair_evidence.smaller_lead_evidence_millibits,
        pair_evidence.larger_lead_millibits,
        pair_evidence.larger_lead_level,
        pair_evidence.larger_lead_evidence_millibits,
        pair_evidence.fitted_millibits,
        pair_evidence.runner_up_millibits,
        pair_guards.has_identifier,
        pair_guards.has_same_name,
        pair_guards.has_differing_names,
        pair_guards.has_crowded_domain,
        pair_guards.own_guard,
        pair_guards.evidence_class,
        records.record_key as runner_up_record_key,
        list_priors.list_prior_millibits,
        cast(pair_evidence.fitted_millibits + list_priors.list_prior_millibits as integer) as match_bits
    from compared_pairs
    inner join pair_evidence
        on
            compared_pairs.left_record_number = pair_evidence.left_record_number
            and compared_pairs.right_record_number = pair_evidence.right_record_number
    inner join pair_guards
        on
            compared_pairs.left_record_number = pair_guards.left_record_number
            and compared_pairs.right_record_number = pair_guards.right_record_number
    inner join list_priors
        on
            compared_pairs.left_party_id = list_priors.left_party_id
            and compared_pairs.right_party_id = list_priors.right_party_id
            and pair_guards.evidence_class = list_priors.evidence_class
    left join records
        on pair_evidence.runner_up_record_number = records.record_number
),

final as (
    select
        *,
        1.0 / (1.0 + power(2.0, -match_bits / 1000.0)) as match_probability
    from summed_up
)

-- the columns of res_compared_pairs are passed on as they are, so the linter cannot count them
select * from final -- noqa: AM04
