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
        decided_pairs.left_party_id,
        decided_pairs.right_party_id,
        decided_pairs.match_reason,
        decided_pairs.match_probability,
        decided_pairs.match_millibits,
        decided_pairs.decision,
        -- independent of each other: a number, a website, a telephone, a town, a name; of a country only with the name
        cast(decided_pairs.registration_level = 'same' as integer)
        + cast(
            decided_pairs.domain_level in ('same', 'alias')
            or decided_pairs.domain_label_level = 'is the name' as integer
        )
        + cast(decided_pairs.phone_level = 'same' as integer)
        + cast(decided_pairs.city_level = 'same' as integer)
        + cast(
            not starts_with(decided_pairs.name_level, 'rests')
            and decided_pairs.name_level not in ('nothing shared', 'unknown') as integer
        )
        + cast(
            decided_pairs.name_level in ('exact', 'spacing', 'order')
            and decided_pairs.country_level = 'same' as integer
        ) as witness_count
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

-- A partner's record of which more than one thing says that it is the company of ours.
witnessed_records as (

    select distinct
        case
            when accepted_pairs.left_party_id = 'us' then accepted_pairs.right_record_key
            else accepted_pairs.left_record_key
        end as record_key
    from accepted_pairs
    inner join registry as ones
        on accepted_pairs.left_record_key = ones.record_key
    inner join registry as others
        on accepted_pairs.right_record_key = others.record_key
    where
        ones.account_key = others.account_key
        and accepted_pairs.left_party_id <> accepted_pairs.right_party_id
        and 'us' in (accepted_pairs.left_party_id, accepted_pairs.right_party_id)
        and (
            accepted_pairs.witness_count >= {{ var('least_witnesses') }}
            or coalesce(accepted_pairs.decision = 'approve', false)
        )

),

final as (

    select
        registry.record_key,
        records.record_number,
        registry.account_key,
        best_ends.match_probability,
        best_ends.other_record_key as matched_record_key,
        coalesce(best_ends.match_reason, 'single') as match_reason,
        coalesce(records.party_id = 'us', false) or witnessed_records.record_key is not null as is_witnessed
    from registry
    left join records
        on registry.record_key = records.record_key
    left join best_ends
        on registry.record_key = best_ends.record_key
    left join witnessed_records
        on registry.record_key = witnessed_records.record_key

)

select * from final
