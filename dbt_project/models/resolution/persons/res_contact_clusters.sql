-- Contacts grouped into persons along the pairs held to be one, strongest rule first; a pair that is two persons keeps
-- their groups apart. Pairs never leave their account, so neither do persons, and each account is looked at by itself.
with contacts as (

    select
        contact_key,
        account_key,
        cast(row_number() over (order by contact_key) as integer) as contact_number
    from {{ ref('res_contacts') }}
    where account_key is not null

),

contact_pairs as (

    select * from {{ ref('res_contact_pairs') }}

),

judged_pairs as (

    select
        left_contacts.account_key,
        list(
            {
                'left_number': left_contacts.contact_number,
                'right_number': right_contacts.contact_number,
                'millibits': cast(coalesce(1000 - contact_pairs.rule_rank, 0) as bigint),
                'is_accepted': contact_pairs.answer = 'same',
                'is_certain': false,
                'is_forbidden': contact_pairs.answer = 'different',
                'is_weak': false
            }
        ) as pairs
    from contact_pairs
    inner join contacts as left_contacts
        on contact_pairs.left_contact_key = left_contacts.contact_key
    inner join contacts as right_contacts
        on contact_pairs.right_contact_key = right_contacts.contact_key
    group by left_contacts.account_key

),

joined as (

    select unnest(pair_joins(pairs, [], [], 0)) as pair_join
    from judged_pairs

),

members as (

    select
        pair_join.left_number as contact_number,
        pair_join.left_cluster_number as cluster_number
    from joined
    union
    select
        pair_join.right_number as contact_number,
        pair_join.right_cluster_number as cluster_number
    from joined

),

final as (

    select
        contacts.contact_key,
        contacts.account_key,
        coalesce(firsts.contact_key, contacts.contact_key) as cluster_key
    from contacts
    left join members
        on contacts.contact_number = members.contact_number
    left join contacts as firsts
        on members.cluster_number = firsts.contact_number

)

select * from final
