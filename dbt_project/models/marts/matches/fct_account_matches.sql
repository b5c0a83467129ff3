with explained_pairs as (

    select * from {{ ref('res_explained_pairs') }}

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
        explained_pairs.left_record_key,
        explained_pairs.right_record_key,
        explained_pairs.left_party_id,
        explained_pairs.right_party_id,
        left_records.account_key as left_account_key,
        right_records.account_key as right_account_key,
        -- what was decided
        explained_pairs.explanation,
        explained_pairs.match_reason,
        explained_pairs.match_probability,
        explained_pairs.match_millibits,
        explained_pairs.guard,
        pair_joins.clustering_refusal,
        explained_pairs.decision,
        explained_pairs.decided_by,
        explained_pairs.decided_on,
        explained_pairs.decision_reason,
        explained_pairs.relation,
        explained_pairs.inherited_from as decision_inherited_from,
        explained_pairs.exchanged_record_key,
        explained_pairs.runner_up_record_key,
        runners_up.name as runner_up_name,
        explained_pairs.runner_up_millibits,
        explained_pairs.rules_version,
        -- the values compared
        explained_pairs.left_name,
        explained_pairs.right_name,
        explained_pairs.left_core_name,
        explained_pairs.right_core_name,
        explained_pairs.left_legal_form,
        explained_pairs.right_legal_form,
        explained_pairs.left_domain,
        explained_pairs.right_domain,
        explained_pairs.left_country_code,
        explained_pairs.right_country_code,
        explained_pairs.left_city,
        explained_pairs.right_city,
        explained_pairs.left_phone,
        explained_pairs.right_phone,
        -- worked out
        cast(explained_pairs.own_millibits - explained_pairs.runner_up_millibits as integer)
            as runner_up_lead_millibits,
        coalesce(pair_joins.band, explained_pairs.band) as band,
        coalesce(pair_joins.band, explained_pairs.band) = 'review' or explained_pairs.is_already_matched as is_open,
        array_to_string(explained_pairs.rules, ', ') as proposed_by,
        coalesce(left_records.account_key = right_records.account_key, false) as is_same_account,
        case
            when left_records.account_key = right_records.account_key then 'same company'
            when left_records.group_key = right_records.group_key then 'same group'
            when coalesce(pair_joins.band, explained_pairs.band) = 'review' then 'undecided'
            when explained_pairs.name_level in ('exact', 'spacing', 'order') and explained_pairs.decision is null
                then 'not joined'
            else 'unrelated'
        end as answer
    from explained_pairs
    left join pair_joins
        on
            explained_pairs.left_record_number = pair_joins.left_record_number
            and explained_pairs.right_record_number = pair_joins.right_record_number
    left join account_records as left_records on explained_pairs.left_record_key = left_records.record_key
    left join account_records as right_records on explained_pairs.right_record_key = right_records.record_key
    left join names as runners_up on explained_pairs.runner_up_record_key = runners_up.record_key

)

select * from final
