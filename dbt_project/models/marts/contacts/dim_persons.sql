{%- set attributes = ['name', 'title', 'seniority', 'function', 'email', 'phone'] -%}

with person_contacts as (

    select * from {{ ref('bridge_person_contacts') }}
    where person_key is not null

),

contacts as (

    select * from {{ ref('stg_contacts') }}

),

compared_contacts as (

    select * from {{ ref('res_contacts') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

-- Our own contacts are trusted first, then the freshest list. A mailbox that several people read is nobody's address.
ranked_contacts as (

    select
        person_contacts.person_key,
        person_contacts.account_key,
        person_contacts.party_id,
        contacts.name,
        contacts.title,
        contacts.seniority,
        contacts.function,
        contacts.phone,
        case when not compared_contacts.is_shared_mailbox then contacts.email end as email,
        row_number() over (
            partition by person_contacts.person_key
            order by
                case when person_contacts.party_id = 'us' then 1 else 2 end asc,
                person_contacts.export_month desc,
                person_contacts.contact_key asc
        ) as trust_rank
    from person_contacts
    inner join contacts on person_contacts.contact_key = contacts.contact_key
    inner join compared_contacts on person_contacts.contact_key = compared_contacts.contact_key

),

persons as (

    select
        person_key,
        account_key,
        {% for attribute in attributes %}
        min_by({{ attribute }}, trust_rank) filter (where {{ attribute }} is not null) as {{ attribute }},
        {% endfor %}
        count(*) as contact_count,
        bool_or(party_id = 'us') as is_known_to_us,
        count(distinct party_id) filter (where party_id <> 'us') as partner_count
    from ranked_contacts
    group by person_key, account_key

),

final as (

    select
        persons.person_key,
        persons.account_key,
        accounts.name as account_name,
        {% for attribute in attributes %}
        persons.{{ attribute }},
        {% endfor %}
        persons.is_known_to_us,
        persons.partner_count,
        persons.contact_count
    from persons
    inner join accounts on persons.account_key = accounts.account_key

)

select * from final
