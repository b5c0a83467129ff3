{{ history() }}

with registry as (

    select * from {{ ref('res_account_registry') }}

),

match_decisions as (

    select * from {{ ref('stg_match_decisions') }}

),

merged_ids as (

    select * from {{ ref('stg_merged_ids') }}

),

members as (

    select * from registry
    where as_of_month = {{ as_of_month() }}

),

earlier_months as (

    select max(as_of_month) as earlier_month
    from registry
    where as_of_month < {{ as_of_month() }}

),

earlier_members as (

    select registry.*
    from registry
    inner join earlier_months on registry.as_of_month = earlier_months.earlier_month

),

living_keys as (

    select
        account_key,
        cast(count(*) as bigint) as record_count
    from members
    group by account_key

),

earlier_keys as (

    select
        account_key,
        cast(count(*) as bigint) as record_count
    from earlier_members
    group by account_key

),

moved_records as (

    select
        record_key,
        previous_account_key as from_account_key,
        account_key as to_account_key,
        record_change
    from members
    where previous_account_key <> account_key

),

-- A record that its list has merged into another leads its key to that one's.
merged_records as (

    select
        earlier_members.record_key,
        earlier_members.account_key as from_account_key,
        members.account_key as to_account_key,
        'merged' as record_change
    from earlier_members
    inner join merged_ids
        on earlier_members.record_key = concat(merged_ids.party_id, ':', merged_ids.account_id)
    inner join members on merged_ids.record_key = members.record_key
    where earlier_members.account_key <> members.account_key

),

leaving_records as (

    select * from moved_records
    union all
    select * from merged_records

),

-- Records that have left one key for another, and the key that an account which lost its own is found under now: the
-- one that took most of its records, by the order in which the registry hands keys on. A record that is another company
-- by now leads nobody on.
moves as (

    select
        from_account_key,
        to_account_key,
        count(*) as moved_record_count,
        bool_and(record_change = 'exchanged') as is_exchange,
        bool_or(record_change = 'merged') as has_merged_record,
        row_number() over (
            partition by from_account_key
            order by
                bool_and(record_change = 'exchanged') asc,
                count(*) filter (where record_change <> 'exchanged') desc,
                min(record_key) asc
        ) as move_rank,
        count(*) over (partition by from_account_key) as destination_count
    from leaving_records
    group by from_account_key, to_account_key

),

moved_keys as (

    select
        moves.from_account_key,
        moves.to_account_key,
        moves.moved_record_count,
        moves.has_merged_record,
        case
            when living_keys.account_key is not null or moves.destination_count > 1 or moves.is_exchange then 'split'
            else 'merge'
        end as kind,
        living_keys.account_key is null and moves.move_rank = 1 and not moves.is_exchange as is_successor
    from moves
    left join living_keys on moves.from_account_key = living_keys.account_key

),

retired_keys as (

    select
        earlier_keys.account_key as from_account_key,
        cast(null as varchar) as to_account_key,
        0 as moved_record_count,
        false as has_merged_record,
        'retired' as kind,
        false as is_successor
    from earlier_keys
    left join living_keys on earlier_keys.account_key = living_keys.account_key
    left join moves
        on
            earlier_keys.account_key = moves.from_account_key
            and not moves.is_exchange
    where living_keys.account_key is null and moves.from_account_key is null

),

returned_keys as (

    select
        members.account_key as from_account_key,
        members.account_key as to_account_key,
        count(*) as moved_record_count,
        false as has_merged_record,
        'returned' as kind,
        false as is_successor
    from members
    left join earlier_keys on members.account_key = earlier_keys.account_key
    where members.previous_account_key = members.account_key and earlier_keys.account_key is null
    group by members.account_key

),

changes as (

    select * from moved_keys
    union all
    select * from retired_keys
    union all
    select * from returned_keys

),

changed_keys as (

    select
        from_account_key,
        to_account_key,
        from_account_key as account_key
    from changes
    union
    select
        from_account_key,
        to_account_key,
        to_account_key as account_key
    from changes
    where to_account_key is not null

),

-- Every record that either key holds or held, for what happened to it.
involved_records as (

    select
        changed_keys.from_account_key,
        changed_keys.to_account_key,
        members.record_key,
        members.record_change
    from changed_keys
    inner join members on changed_keys.account_key = members.account_key
    union
    select
        changed_keys.from_account_key,
        changed_keys.to_account_key,
        earlier_members.record_key,
        coalesce(members.record_change, 'gone') as record_change
    from changed_keys
    inner join earlier_members on changed_keys.account_key = earlier_members.account_key
    left join members on earlier_members.record_key = members.record_key

),

record_changes as (

    select
        from_account_key,
        to_account_key,
        bool_or(record_change in ('changed', 'exchanged')) as has_changed_record,
        bool_or(record_change = 'new') as has_new_record,
        bool_or(record_change = 'came back') as has_returned_record,
        bool_or(record_change = 'gone') as has_gone_record
    from involved_records
    group by from_account_key, to_account_key

),

-- A decision counts from the month it came in, whatever its date.
dated_decisions as (

    select
        left_record_key,
        right_record_key,
        greatest(decided_on, coalesce(delivered_month, decided_on)) as known_on,
        coalesce(expires_on, date '9999-12-31') as expires_on
    from match_decisions

),

turned_decisions as (

    select
        dated_decisions.left_record_key,
        dated_decisions.right_record_key
    from dated_decisions
    cross join earlier_months
    where
        ({{ as_of_date() }} between dated_decisions.known_on and dated_decisions.expires_on)
        <> (last_day(earlier_months.earlier_month) between dated_decisions.known_on and dated_decisions.expires_on)

),

decided_changes as (

    select distinct
        left_involved.from_account_key,
        left_involved.to_account_key
    from turned_decisions
    inner join involved_records as left_involved on turned_decisions.left_record_key = left_involved.record_key
    inner join involved_records as right_involved
        on
            turned_decisions.right_record_key = right_involved.record_key
            and left_involved.from_account_key = right_involved.from_account_key
            and left_involved.to_account_key is not distinct from right_involved.to_account_key

),

rule_versions as (

    select rules_version from members
    union
    select rules_version from earlier_members

),

rule_changes as (

    select count(*) > 1 as has_other_rules
    from rule_versions

),

-- What may have brought it about, the most specific first.
explained as (

    select
        changes.*,
        case
            when changes.kind = 'retired' and record_changes.has_changed_record then 'changed record'
            when changes.kind = 'retired' then 'record gone'
            when changes.kind = 'returned' then 'record came back'
            else
                concat_ws(
                    ', ',
                    case when decided_changes.from_account_key is not null then 'decision' end,
                    case when changes.has_merged_record then 'merged record' end,
                    case when record_changes.has_changed_record then 'changed record' end,
                    case when record_changes.has_new_record then 'new record' end,
                    case when record_changes.has_returned_record then 'record came back' end,
                    case when record_changes.has_gone_record then 'record gone' end,
                    case when rule_changes.has_other_rules then 'rule version' end
                )
        end as causes
    from changes
    cross join rule_changes
    left join record_changes
        on
            changes.from_account_key = record_changes.from_account_key
            and changes.to_account_key is not distinct from record_changes.to_account_key
    left join decided_changes
        on
            changes.from_account_key = decided_changes.from_account_key
            and changes.to_account_key is not distinct from decided_changes.to_account_key

),

final as (

    select
        {{ as_of_month() }} as as_of_month,
        explained.from_account_key,
        explained.to_account_key,
        explained.kind,
        explained.is_successor,
        cast(explained.moved_record_count as bigint) as moved_record_count,
        coalesce(nullif(split_part(explained.causes, ', ', 1), ''), 'other evidence') as cause,
        nullif(substring(explained.causes, length(split_part(explained.causes, ', ', 1)) + 3), '') as other_causes,
        coalesce(earlier_keys.record_count, 0) as earlier_record_count,
        coalesce(living_keys.record_count, 0) as remaining_record_count
    from explained
    left join earlier_keys on explained.from_account_key = earlier_keys.account_key
    left join living_keys on explained.from_account_key = living_keys.account_key

)

select * from final
