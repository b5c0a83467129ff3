with contacts as (

    select * from {{ ref('stg_contacts') }}

),

clusters as (

    select * from {{ ref('res_person_clusters') }}

),

-- A contact whose account is not known is kept: nobody can say who it is until its account is, but it was delivered.
final as (

    select
        contacts.contact_key,
        contacts.party_id,
        contacts.source_id,
        clusters.person_key,
        clusters.account_key,
        clusters.matched_contact_key,
        contacts.name,
        contacts.title,
        contacts.email,
        contacts.relationship_strength,
        contacts.account_name as delivered_account_name,
        contacts.export_month,
        contacts.is_stale,
        coalesce(clusters.match_reason, 'no account') as match_reason
    from contacts
    left join clusters on contacts.contact_key = clusters.contact_key

)

select * from final
