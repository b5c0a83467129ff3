with decided_pairs as (

    select * from {{ ref('res_decided_pairs') }}

),

pair_joins as (

    select * from {{ ref('res_pair_joins') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

names as (

    select * from {{ ref('res_account_records') }}

),

final as (

    select
        -- the pair
        decided_pairs.left_record_key,
        decided_pairs.right_record_key,
        decided_pairs.left_party_id,
        decided_pairs.right_party_id,
        left_records.account_key as left_account_key,
        right_records.account_key as right_account_key,
        -- what was decided
        decided_pairs.match_reason,
        decided_pairs.match_probability,
        decided_pairs.match_millibits,
        decided_pairs.guard,
        pair_joins.clustering_refusal,
        decided_pairs.decision,
        decided_pairs.decided_by,
        decided_pairs.decided_on,
        decided_pairs.decision_reason,
        decided_pairs.relation,
        decided_pairs.runner_up_record_key,
        runners_up.name as runner_up_name,
        decided_pairs.runner_up_millibits,
        decided_pairs.rules_version,
        -- the values compared
        decided_pairs.left_name,
        decided_pairs.right_name,
        decided_pairs.left_core_name,
        decided_pairs.right_core_name,
        decided_pairs.left_legal_form,
        decided_pairs.right_legal_form,
        decided_pairs.left_domain,
        decided_pairs.right_domain,
        decided_pairs.left_country_code,
        decided_pairs.right_country_code,
        decided_pairs.left_city,
        decided_pairs.right_city,
        decided_pairs.left_phone,
        decided_pairs.right_phone,
        -- worked out
        cast(decided_pairs.own_millibits - decided_pairs.runner_up_millibits as integer) as runner_up_lead_millibits,
        coalesce(pair_joins.band, decided_pairs.band) as band,
        array_to_string(decided_pairs.rules, ', ') as proposed_by,
        coalesce(left_records.account_key = right_records.account_key, false) as is_same_account,
        case
            when left_records.account_key = right_records.account_key then 'same company'
            when left_records.group_key = right_records.group_key then 'same group'
            when coalesce(pair_joins.band, decided_pairs.band) = 'review' then 'undecided'
            else 'unrelated'
        end as answer
    from decided_pairs
    left join pair_joins
        on
            decided_pairs.left_record_number = pair_joins.left_record_number
            and decided_pairs.right_record_number = pair_joins.right_record_number
    left join account_records as left_records on decided_pairs.left_record_key = left_records.record_key
    left join account_records as right_records on decided_pairs.right_record_key = right_records.record_key
    left join names as runners_up on decided_pairs.runner_up_record_key = runners_up.record_key

)

select * from final
