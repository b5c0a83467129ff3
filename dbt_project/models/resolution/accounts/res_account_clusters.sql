-- Each record's account, and the strongest accepted pair that says so.
with registry as (

    select * from {{ ref('res_account_registry') }}
    where as_of_month = {{ as_of_month() }}

),

accepted_pairs as (

    select * from {{ ref('res_explained_pairs') }}
    where band = 'auto'

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
        registry.account_key,
        best_ends.match_probability,
        best_ends.other_record_key as matched_record_key,
        coalesce(best_ends.match_reason, 'single') as match_reason
    from registry
    left join best_ends
        on registry.record_key = best_ends.record_key

)

select * from final
