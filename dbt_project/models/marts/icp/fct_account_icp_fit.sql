with account_rules as (

    select * from {{ ref('fct_account_icp_rules') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

parties as (

    select distinct party_id from {{ ref('stg_icp_rules') }}

),

counted as (

    select
        account_key,
        party_id,
        sum(weight) filter (where outcome <> 'unknown') as known_weight,
        sum(weight) filter (where outcome = 'met') as met_weight,
        sum(weight) as total_weight,
        list_sort(list(field) filter (where outcome = 'missed')) as missed_fields,
        list_sort(list(field) filter (where outcome = 'unknown')) as unknown_fields
    from account_rules
    group by account_key, party_id

),

-- A definition that says nothing of what accounts show fits nobody in particular: it is kept, with nothing known.
account_parties as (

    select
        accounts.account_key,
        parties.party_id,
        cast(coalesce(counted.known_weight, 0) as bigint) as known_weight,
        cast(coalesce(counted.met_weight, 0) as bigint) as met_weight,
        cast(coalesce(counted.total_weight, 0) as bigint) as total_weight,
        array_to_string(counted.missed_fields, ', ') as missed_fields,
        array_to_string(counted.unknown_fields, ', ') as unknown_fields
    from accounts
    cross join parties
    left join counted on accounts.account_key = counted.account_key and parties.party_id = counted.party_id

),

rated as (

    select
        *,
        {{ rate('met_weight', 'known_weight') }} as fit_rate,
        {{ rate('known_weight', 'total_weight') }} as known_rate
    from account_parties

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
