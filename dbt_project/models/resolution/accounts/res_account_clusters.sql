-- Each record's account, and the strongest accepted pair that says so.
with registry as (
    select * from {{ ref('res_account_registry') }}
    where as_of_month = {{ as_of_month() }}
),

decided_pairs as (
    select * from {{ ref('res_decided_pairs') }}
),

accepted_pairs as (
    select * from decided_pairs
    where band = 'auto'
),

ends as (
    select
        left_record_key as record_key,
        right_record_key as other_record_key,
        match_reason,
        match_probability,
        match_bits
    from accepted_pairs
    union all
    select
        right_record_key as record_key,
        left_record_key as other_record_key,
        match_reason,
        match_probability,
        match_bits
    from accepted_pairs
),

-- Only pairs inside the account explain it: clustering may have refused others.
best_ends as (
    select
        ends.record_key,
        ends.other_record_key,
        ends.match_reason,
        ends.match_probability
    from ends
    inner join registry as own
        on ends.record_key = own.record_key
    inner join registry as others
        on
            ends.other_record_key = others.record_key
            and own.account_key = others.account_key
    qualify row_number() over (
        partition by ends.record_key
        order by
            case when ends.match_reason = 'human decision' then 0 else 1 end,
            ends.match_bits desc,
            ends.other_record_key asc
    ) = 1
),

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
