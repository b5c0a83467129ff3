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

ends as (
    select
        left_contact_key as contact_key,
        right_contact_key as other_contact_key,
        match_reason,
        rule_rank
    from accepted_pairs
    union all
    select
        right_contact_key as contact_key,
        left_contact_key as other_contact_key,
        match_reason,
        rule_rank
    from accepted_pairs
),

-- Only pairs inside the person explain it: clustering may have refused others.
best_ends as (
    select
        ends.contact_key,
        ends.other_contact_key,
        ends.match_reason
    from ends
    inner join registry as own
        on ends.contact_key = own.contact_key
    inner join registry as others
        on
            ends.other_contact_key = others.contact_key
            and own.person_key = others.person_key
    qualify row_number() over (
        partition by ends.contact_key
        order by ends.rule_rank, ends.other_contact_key
    ) = 1
),

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
