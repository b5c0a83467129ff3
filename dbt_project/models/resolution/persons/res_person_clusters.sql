-- Each contact's person, and the strongest pair that says so.
with registry as (

    select * from {{ ref('res_person_registry') }}
    where as_of_month = {{ as_of_month() }}

),

contacts as (

    select * from {{ ref('res_contacts') }}

),

accepted_pairs as (

    select * from {{ ref('res_contact_pairs') }}
    where answer = 'same'

),

{{ best_ends('contact_key', 'person_key', ['match_reason', 'rule_rank'], 'rule_rank') }},

final as (

    select
        registry.contact_key,
        registry.person_key,
        contacts.account_key,
        best_ends.other_contact_key as matched_contact_key,
        coalesce(best_ends.match_reason, 'single') as match_reason
    from registry
    inner join contacts
        on registry.contact_key = contacts.contact_key
    left join best_ends
        on registry.contact_key = best_ends.contact_key

)

select * from final
