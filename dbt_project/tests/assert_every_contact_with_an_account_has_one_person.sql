-- Fails for a contact in use whose account is known and that no person or several hold, that is no contact at all, or
-- whose person stands at another account than the contact.
with contacts as (

    select
        contacts.contact_key,
        account_records.account_key
    from {{ ref('stg_contacts') }} as contacts
    left join {{ ref('bridge_account_records') }} as account_records
        on contacts.account_record_key = account_records.record_key

),

person_contacts as (

    select * from {{ ref('bridge_person_contacts') }}

),

persons as (

    select * from {{ ref('dim_persons') }}

),

compared as (

    select
        contacts.account_key,
        coalesce(contacts.contact_key, person_contacts.contact_key) as contact_key,
        contacts.contact_key is not null as is_contact,
        min(persons.account_key) as person_account_key,
        count(persons.person_key) as person_count
    from contacts
    full join person_contacts on contacts.contact_key = person_contacts.contact_key
    left join persons on person_contacts.person_key = persons.person_key
    group by contacts.contact_key, person_contacts.contact_key, contacts.account_key

)

select * from compared
where
    not is_contact
    or person_count <> case when account_key is null then 0 else 1 end
    or person_account_key <> account_key
