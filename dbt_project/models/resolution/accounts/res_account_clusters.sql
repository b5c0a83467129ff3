-- Each record's account, and the strongest accepted pair that says so.
with registry as (

    select * from {{ ref('res_account_registry') }}
    where as_of_month = {{ as_of_month() }}

),

decided_pairs as (

    select * from {{ ref('res_decided_pairs') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

accepted_pairs as (

    select
        left_records.record_key as left_record_key,
        right_records.record_key as right_record_key,
        decided_pairs.match_reason,
        decided_pairs.match_probability,
        decided_pairs.match_millibits
    from decided_pairs
    inner join records as left_records
        on decided_pairs.left_record_number = left_records.record_number
    inner join records as right_records
        on decided_pairs.right_record_number = right_records.record_number
    where decided_pairs.band = 'auto'

),

{{ best_ends(
    'record_key',
    'account_key',
    ['match_reason', 'match_probability', 'match_millibits'],
    "case when match_reason = 'human decision' then 0 else 1 end, match_millibits desc"
) }},

final as (

    select
        registry.record_key,
        records.record_number,
        registry.account_key,
        best_ends.match_probability,
        best_ends.other_record_key as matched_record_key,
        coalesce(best_ends.match_reason, 'single') as match_reason
    from registry
    left join records
        on registry.record_key = records.record_key
    left join best_ends
        on registry.record_key = best_ends.record_key

)

select * from final
