with seed_decisions as (

    select * from {{ ref('match_decisions') }}

),

delivered_decisions as (

    select * from {{ source('raw', 'decisions') }}

),

by_seed as (

    select
        left_record_key as one_record_key,
        right_record_key as other_record_key,
        decision,
        case decision when 'approve' then 'same company' end as relation,
        decided_by,
        decided_on,
        reason,
        expires_on,
        cast(null as varchar) as pair_fingerprint,
        'seeds/company/match_decisions.csv' as decided_in,
        cast(null as date) as delivered_month
    from seed_decisions

),

-- A decision without a date counts from the end of the month it was delivered in.
by_sheet as (

    select
        trim(left_record_key) as one_record_key,
        trim(right_record_key) as other_record_key,
        case lower(trim(answer))
            when 'same' then 'approve'
            when 'different' then 'reject'
            when 'same group' then 'reject'
            when 'unsure' then 'hold'
        end as decision,
        case lower(trim(answer))
            when 'same' then 'same company'
            when 'different' then 'unrelated'
            when 'same group' then 'same group'
        end as relation,
        trim(decided_by) as decided_by,
        coalesce(read_date(decided_on, date_order), last_day(export_month)) as decided_on,
        {{ text_value('comment') }} as reason,
        read_date(expires_on, date_order) as expires_on,
        {{ text_value('pair_fingerprint') }} as pair_fingerprint,
        concat(file_name, ' row ', row_number) as decided_in,
        export_month as delivered_month
    from delivered_decisions
    where
        export_month <= {{ as_of_month() }}
        and lower(trim(answer)) in ('same', 'different', 'same group', 'unsure')

),

decisions as (

    select * from by_seed
    union all
    select * from by_sheet

),

-- One file may be delivered again month after month: a decision is the same as long as person, day and answer are.
distinct_decisions as (

    select
        * exclude (one_record_key, other_record_key),
        least(one_record_key, other_record_key) as left_record_key,
        greatest(one_record_key, other_record_key) as right_record_key
    from decisions
    qualify row_number() over (
        partition by
            least(one_record_key, other_record_key), greatest(one_record_key, other_record_key),
            decision, relation, decided_by, decided_on
        order by delivered_month nulls first, decided_in
    ) = 1

),

final as (

    select
        left_record_key,
        right_record_key,
        decision,
        relation,
        decided_by,
        decided_on,
        reason,
        expires_on,
        pair_fingerprint,
        decided_in,
        delivered_month
    from distinct_decisions

)

select * from final
