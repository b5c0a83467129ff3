-- Fails for a pair whose published evidence does not add up to what it was decided on.
with matches as (

    select * from {{ ref('fct_account_matches') }}

),

evidence as (

    select * from {{ ref('fct_account_match_evidence') }}

),

sums as (

    select
        left_record_key,
        right_record_key,
        sum(evidence_millibits) as evidence_millibits
    from evidence
    group by left_record_key, right_record_key

)

select
    matches.left_record_key,
    matches.right_record_key,
    matches.match_millibits,
    sums.evidence_millibits
from matches
left join sums
    on
        matches.left_record_key = sums.left_record_key
        and matches.right_record_key = sums.right_record_key
where matches.match_millibits is distinct from sums.evidence_millibits
