-- Fails for a party with records on one account that neither its own accepted pairs nor a person's approvals hold
-- together: then another party's record alone has joined them. A partner's may lie in as many pieces as there are
-- records of ours there that people approved as one.
with records as (

    select
        record_key,
        party_id,
        account_key,
        row_number() over (order by record_key) as record_number
    from {{ ref('bridge_account_records') }}
    where account_key is not null

),

matches as (

    select * from {{ ref('fct_account_matches') }}
    where band = 'auto'

),

joined_pairs as (

    select
        left_records.record_number as left_record_number,
        right_records.record_number as right_record_number,
        matches.left_party_id = matches.right_party_id as is_of_one_party,
        matches.left_party_id = 'us' and matches.right_party_id = 'us' as is_ours,
        coalesce(matches.decision = 'approve', false) as is_approved
    from matches
    inner join records as left_records on matches.left_record_key = left_records.record_key
    inner join records as right_records on matches.right_record_key = right_records.record_key
    where left_records.account_key = right_records.account_key

),

approved_pairs as (

    select * from joined_pairs
    where is_approved

),

our_approved_records as (

    select unnest([approved_pairs.left_record_number, approved_pairs.right_record_number]) as record_number
    from approved_pairs
    where approved_pairs.is_ours

),

our_approved_counts as (

    select
        records.account_key,
        count(distinct our_approved_records.record_number) as record_count
    from our_approved_records
    inner join records on our_approved_records.record_number = records.record_number
    group by records.account_key

),

approved_components as (

    {{ connected_components('approved_pairs', 'left_record_number', 'right_record_number') }}

),

-- What people hold to be one company counts as one record of each party that has a part in it.
placed_records as (

    select
        records.record_number,
        records.account_key,
        records.party_id,
        dense_rank() over (
            order by records.party_id, coalesce(approved_components.component_number, records.record_number)
        ) as part_number
    from records
    left join approved_components on records.record_number = approved_components.number

),

own_pairs as (

    select
        left_records.part_number as left_number,
        right_records.part_number as right_number
    from joined_pairs
    inner join placed_records as left_records on joined_pairs.left_record_number = left_records.record_number
    inner join placed_records as right_records on joined_pairs.right_record_number = right_records.record_number
    where joined_pairs.is_of_one_party

),

own_components as (

    {{ connected_components('own_pairs', 'left_number', 'right_number') }}

),

pieces as (

    select
        placed_records.account_key,
        placed_records.party_id,
        count(distinct coalesce(own_components.component_number, placed_records.part_number)) as piece_count
    from placed_records
    left join own_components on placed_records.part_number = own_components.number
    group by placed_records.account_key, placed_records.party_id

)

select
    pieces.account_key,
    pieces.party_id,
    pieces.piece_count
from pieces
left join our_approved_counts on pieces.account_key = our_approved_counts.account_key
where
    pieces.piece_count
    > case when pieces.party_id = 'us' then 1 else coalesce(our_approved_counts.record_count, 1) end
