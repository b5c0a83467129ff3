with account_rules as (

    select * from {{ ref('fct_account_icp_rules') }}

),

counted as (

    select
        account_key,
        party_id,
        cast(coalesce(sum(weight) filter (where outcome <> 'unknown'), 0) as bigint) as known_weight,
        cast(coalesce(sum(weight) filter (where outcome = 'met'), 0) as bigint) as met_weight,
        cast(sum(weight) as bigint) as total_weight,
        array_to_string(list_sort(list(field) filter (where outcome = 'missed')), ', ') as missed_fields,
        array_to_string(list_sort(list(field) filter (where outcome = 'unknown')), ', ') as unknown_fields
    from account_rules
    group by account_key, party_id

),

rated as (

    select
        *,
        {{ rate('met_weight', 'known_weight') }} as fit_rate,
        {{ rate('known_weight', 'total_weight') }} as known_rate
    from counted

),

final as (

    select
        account_key,
        party_id,
        known_weight,
        met_weight,
        total_weight,
        fit_rate,
        known_rate,
        case
            when coalesce(known_rate < {{ var('icp_least_known_rate') }}, true) then 'unknown'
            when fit_rate >= {{ var('icp_strong_rate') }} then 'strong'
            when fit_rate >= {{ var('icp_moderate_rate') }} then 'moderate'
            else 'weak'
        end as fit_level,
        missed_fields,
        unknown_fields
    from rated

)

select * from final
