-- Contacts grouped into persons along the pairs held to be one, strongest rule first; a pair that is two persons keeps
-- their groups apart. Pairs never leave their account, so neither do persons.
with contacts as (
    select * from {{ ref('res_contacts') }}
    where account_key is not null
),

contact_pairs as (
    select * from {{ ref('res_contact_pairs') }}
),

judged_pairs as (
    select
        list(
            {
                'left_record_key': left_contact_key,
                'right_record_key': right_contact_key,
                'millibits': cast(coalesce(1000 - rule_rank, 0) as bigint),
                'is_accepted': answer = 'same',
                'is_certain': false,
                'is_forbidden': answer = 'different'
            }
            order by left_contact_key, right_contact_key
        ) as pairs
    from contact_pairs
),

clustered as (
    select unnest(record_clusters(pairs, [])) as member
    from judged_pairs
),

final as (
    select
        contacts.contact_key,
        contacts.account_key,
        coalesce(clustered.member.cluster_key, contacts.contact_key) as cluster_key
    from contacts
    left join clustered
        on contacts.contact_key = clustered.member.record_key
)

select * from final
