-- Fails for an account and partner whose counts of persons differ from the contacts of the two lists, or that is
-- kept from the partner.
with coverage as (

    select * from {{ ref('mart_contact_coverage') }}

),

person_contacts as (

    select * from {{ ref('bridge_person_contacts') }}

),

persons as (

    select * from {{ ref('dim_persons') }}
    where name is not null or email is not null

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

counted as (

    select
        person_contacts.account_key,
        person_contacts.party_id,
        count(distinct person_contacts.person_key) as person_count
    from person_contacts
    inner join persons on person_contacts.person_key = persons.person_key
    group by person_contacts.account_key, person_contacts.party_id

),

compared as (

    select
        coverage.account_key,
        coverage.partner_id,
        coverage.our_person_count,
        coverage.partner_person_count,
        account_exclusions.exclusion_id,
        coalesce(ours.person_count, 0) as our_contact_person_count,
        coalesce(theirs.person_count, 0) as partner_contact_person_count
    from coverage
    left join counted as ours on coverage.account_key = ours.account_key and ours.party_id = 'us'
    left join counted as theirs
        on coverage.account_key = theirs.account_key and coverage.partner_id = theirs.party_id
    left join account_exclusions
        on
            coverage.account_key = account_exclusions.account_key
            and coalesce(account_exclusions.partner_id, coverage.partner_id) = coverage.partner_id

)

select * from compared
where
    our_person_count <> our_contact_person_count
    or partner_person_count <> partner_contact_person_count
    or exclusion_id is not null
