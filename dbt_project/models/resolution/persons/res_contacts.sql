-- Contacts ready to be compared: the account they stand at, their name, job title and mailbox in one spelling each.
with contacts as (

    select * from {{ ref('stg_contacts') }}

),

account_clusters as (

    select * from {{ ref('res_account_clusters') }}

),

person_words as (

    select * from {{ ref('person_words') }}

),

email_rules as (

    select * from {{ ref('email_rules') }}

),

generic_domains as (

    select * from {{ ref('generic_domains') }}

),

-- First and last name in their own columns say which is which; so does a comma.
named_contacts as (

    select
        *,
        case
            when first_name is not null and last_name is not null then concat(last_name, ', ', first_name)
            else name
        end as written_name
    from contacts

),

-- The seed travels to the function as one list, once per batch of names.
name_rules as (

    select
        list(
            { 'kind': kind, 'word': word, 'stands_for': stands_for }
            order by kind, word, stands_for
        ) as rules
    from person_words
    where kind <> 'job_title'

),

distinct_names as (

    select distinct written_name
    from named_contacts
    where written_name is not null

),

numbered_names as (

    select
        written_name,
        row_number() over (order by written_name) // {{ var('names_per_batch') }} as batch_number
    from distinct_names

),

name_batches as (

    select
        batch_number,
        list(written_name order by written_name) as names
    from numbered_names
    group by batch_number

),

name_forms as (

    select unnest(person_name_forms(name_batches.names, name_rules.rules)) as form
    from name_batches
    cross join name_rules

),

distinct_titles as (

    select distinct title
    from contacts
    where title is not null

),

title_words as (

    select
        title,
        unnest(string_split(folded_text(title), ' ')) as word
    from distinct_titles

),

-- Abbreviations in full, little words left out: Dir. of Sales and Sales Director are one title.
spelt_title_words as (

    select
        title_words.title,
        unnest(
            string_split(
                case when person_words.word is null then title_words.word else person_words.stands_for end, ' '
            )
        ) as word
    from title_words
    left join person_words
        on
            title_words.word = person_words.word
            and person_words.kind = 'job_title'

),

title_forms as (

    select
        title,
        string_agg(distinct word, ' ' order by word) as normalized_title
    from spelt_title_words
    group by title

),

-- What stands behind a plus sign is the owner's own note on the address.
split_emails as (

    select distinct
        email,
        split_part(split_part(email, '@', 1), '+', 1) as local_part,
        split_part(email, '@', 2) as delivered_domain
    from contacts
    where email is not null

),

mailboxes as (

    select
        split_emails.email,
        coalesce(same_domains.stands_for, split_emails.delivered_domain) as email_domain,
        case
            when dots_ignored.value is null then split_emails.local_part
            else replace(split_emails.local_part, '.', '')
        end as local_part,
        shared_mailboxes.value is not null as is_shared_mailbox,
        generic_domains.domain is null as has_own_domain
    from split_emails
    left join email_rules as same_domains
        on
            same_domains.kind = 'same_domain'
            and split_emails.delivered_domain = same_domains.value
    left join email_rules as dots_ignored
        on
            dots_ignored.kind = 'dots_ignored'
            and coalesce(same_domains.stands_for, split_emails.delivered_domain) = dots_ignored.value
    left join email_rules as shared_mailboxes
        on
            shared_mailboxes.kind = 'shared_mailbox'
            and split_emails.local_part = shared_mailboxes.value
    left join generic_domains
        on split_emails.delivered_domain = generic_domains.domain

),

final as (

    select
        named_contacts.contact_key,
        named_contacts.party_id,
        account_clusters.account_key,
        name_forms.form.full_name,
        name_forms.form.given_name,
        name_forms.form.given_names,
        name_forms.form.given_forms,
        name_forms.form.family_name,
        title_forms.normalized_title,
        named_contacts.seniority,
        named_contacts.function,
        mailboxes.local_part,
        mailboxes.email_domain,
        mailboxes.has_own_domain,
        mailboxes.local_part || '@' || mailboxes.email_domain as mailbox,
        coalesce(mailboxes.is_shared_mailbox, false) as is_shared_mailbox
    from named_contacts
    left join account_clusters
        on named_contacts.account_record_key = account_clusters.record_key
    left join name_forms
        on named_contacts.written_name = name_forms.form.name
    left join title_forms
        on named_contacts.title = title_forms.title
    left join mailboxes
        on named_contacts.email = mailboxes.email

)

select * from final
