-- How likely each pair is one company: its evidence, and how many of its kind can be true in these two lists.
with candidate_pairs as (

    select * from {{ ref('res_candidate_pairs') }}

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

summed_up as (

    select
        candidate_pairs.left_record_key,
        candidate_pairs.right_record_key,
        candidate_pairs.left_party_id,
        candidate_pairs.right_party_id,
        candidate_pairs.left_record_number,
        candidate_pairs.right_record_number,
        pair_guards.own_guard,
        pair_guards.has_own_identifier,
        pair_guards.has_group_name,
        pair_guards.match_reason,
        pair_guards.evidence_class,
        pair_guards.is_resemblance,
        list_priors.list_prior_millibits,
        cast(pair_evidence.fitted_millibits + list_priors.list_prior_millibits as integer) as match_millibits
    from candidate_pairs
    inner join pair_evidence
        on
            candidate_pairs.left_record_number = pair_evidence.left_record_number
            and candidate_pairs.right_record_number = pair_evidence.right_record_number
    inner join pair_guards
        on
            candidate_pairs.left_record_number = pair_guards.left_record_number
            and candidate_pairs.right_record_number = pair_guards.right_record_number
    inner join list_priors
        on
            candidate_pairs.left_party_id = list_priors.left_party_id
            and candidate_pairs.right_party_id = list_priors.right_party_id
            and pair_guards.evidence_class = list_priors.evidence_class

),

likely as (

    select
        *,
        1.0 / (1.0 + power(2.0, -match_millibits / 1000.0)) as match_probability
    from summed_up

),

final as (

    select
        *,
        -- names of one group are kept, however unlikely they are one company
        match_probability >= {{ var('kept_probability') }} or coalesce(has_group_name, false) as is_kept
    from likely

)

select * from final
