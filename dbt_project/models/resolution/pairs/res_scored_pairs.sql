-- How likely each pair is one company: its evidence, and how many of its kind can be true in these two lists.
{{ config(materialized='view') }}

with pair_evidence as (

    select * exclude (is_only_for_chance, chance_millibits)
    from {{ ref('res_pair_evidence') }}
    where not is_only_for_chance

),

list_priors as (

    select * from {{ ref('res_list_priors') }}

),

summed_up as (

    select
        pair_evidence.*,
        list_priors.list_prior_millibits,
        cast(pair_evidence.fitted_millibits + list_priors.list_prior_millibits as integer) as match_millibits
    from pair_evidence
    inner join list_priors
        on
            pair_evidence.left_party_id = list_priors.left_party_id
            and pair_evidence.right_party_id = list_priors.right_party_id
            and pair_evidence.evidence_class = list_priors.evidence_class

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

-- the columns of the pairs that were compared are made by loops, so the linter cannot count them
select * from final -- noqa: AM04
