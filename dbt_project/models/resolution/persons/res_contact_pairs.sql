{#- Rules that carry a pair, strongest first; clustering takes the pairs in this order. -#}
{%- set rules = ['e-mail', 'name and title', 'short name and title', 'misspelt name and title'] -%}
-- Pairs of contacts on one account that might be one person: what speaks for and against, the rule, the answer.
with contacts as (

    select
        *,
        length(given_name) = 1 as has_initial,
        list_transform(given_forms, lambda form: left(form, 1)) as initials,
        regexp_replace(local_part, '[0-9]+', '', 'g') as unnumbered_local_part
    from {{ ref('res_contacts') }}
    where account_key is not null

),

mailbox_names as (

    select
        mailbox,
        count(distinct full_name) as name_count
    from contacts
    where mailbox is not null
    group by mailbox

),

-- Whether the address is one person's: a list's own name for a department, or many names, and it proves nothing.
described_contacts as (

    select
        contacts.*,
        contacts.is_shared_mailbox or mailbox_names.name_count > {{ var('mailbox_name_limit') }} as has_shared_mailbox
    from contacts
    left join mailbox_names
        on contacts.mailbox = mailbox_names.mailbox

),

keys as (

    select
        contact_key,
        account_key,
        'mailbox' as key_rule,
        mailbox as key_value
    from described_contacts
    where mailbox is not null and not has_shared_mailbox
    union all
    select
        contact_key,
        account_key,
        'full name' as key_rule,
        full_name as key_value
    from described_contacts
    where full_name is not null
    union all
    select
        contact_key,
        account_key,
        'family name' as key_rule,
        family_name as key_value
    from described_contacts
    where family_name is not null
    union all
    select
        contact_key,
        account_key,
        'given name and title' as key_rule,
        unnest(given_forms) || ' ' || normalized_title as key_value
    from described_contacts
    where given_forms is not null and normalized_title is not null

),

-- What hundreds of contacts of one account share tells none of them from the others, and its pairs are quadratic.
telling_keys as (

    select
        *,
        count(*) over (partition by account_key, key_rule, key_value) as contact_count
    from keys

),

candidate_pairs as (

    select distinct
        left_keys.contact_key as left_contact_key,
        right_keys.contact_key as right_contact_key
    from telling_keys as left_keys
    inner join telling_keys as right_keys
        on
            left_keys.account_key = right_keys.account_key
            and left_keys.key_rule = right_keys.key_rule
            and left_keys.key_value = right_keys.key_value
            and left_keys.contact_key < right_keys.contact_key
    where left_keys.contact_count <= {{ var('strong_key_record_limit') }}

),

-- A missing value is unknown, never different. Two addresses at one company speak against one person; at a provider
-- that serves everybody they say nothing.
compared as (

    select
        candidate_pairs.left_contact_key,
        candidate_pairs.right_contact_key,
        lefts.account_key,
        lefts.party_id as left_party_id,
        rights.party_id as right_party_id,
        case
            when lefts.mailbox is null or rights.mailbox is null then 'unknown'
            when lefts.has_shared_mailbox or rights.has_shared_mailbox then 'shared mailbox'
            when lefts.mailbox = rights.mailbox then 'same'
            when lefts.email_domain <> rights.email_domain or not lefts.has_own_domain then 'elsewhere'
            when lefts.unnumbered_local_part = rights.unnumbered_local_part then 'numbered'
            else 'different'
        end as email_level,
        case
            when lefts.given_name is null or rights.given_name is null then 'unknown'
            when lefts.full_name = rights.full_name and not (lefts.has_initial or rights.has_initial) then 'same'
            when lefts.full_name = rights.full_name then 'initial'
            when
                lefts.family_name = rights.family_name
                and (lefts.has_initial or rights.has_initial)
                and list_has_any(lefts.initials, rights.initials)
                then 'initial'
            when lefts.has_initial or rights.has_initial then 'different'
            when
                lefts.family_name = rights.family_name
                and (lefts.given_name = rights.given_name or lefts.given_names = rights.given_names)
                then 'same'
            when
                lefts.family_name = rights.family_name and list_has_any(lefts.given_forms, rights.given_forms)
                then 'nickname'
            when lefts.family_name = rights.family_name and is_misspelt_name(lefts.given_name, rights.given_name)
                then 'misspelt'
            when
                list_has_any(lefts.given_forms, rights.given_forms)
                and is_misspelt_name(lefts.family_name, rights.family_name)
                then 'misspelt'
            else 'different'
        end as name_level,
        case
            when lefts.normalized_title = rights.normalized_title then 'same'
            when lefts.function = rights.function and lefts.seniority = rights.seniority then 'agreeing'
            when lefts.function = rights.function then 'compatible'
            when lefts.function <> rights.function then 'different'
            else 'unknown'
        end as title_level
    from candidate_pairs
    inner join described_contacts as lefts
        on candidate_pairs.left_contact_key = lefts.contact_key
    inner join described_contacts as rights
        on candidate_pairs.right_contact_key = rights.contact_key

),

ends as (

    select
        left_contact_key as contact_key,
        right_contact_key as other_contact_key,
        name_level
    from compared
    union all
    select
        right_contact_key as contact_key,
        left_contact_key as other_contact_key,
        name_level
    from compared

),

-- An address that stands on another name as well is nobody's own.
contradicted_mailboxes as (

    select distinct contacts.mailbox
    from compared
    inner join contacts
        on compared.left_contact_key = contacts.contact_key
    where compared.email_level = 'same' and compared.name_level = 'different'

),

-- R. Smith and Alex Smith may be either of two people when the account has a Robert and a Rachel, an Alexander and an
-- Alexandra.
ambiguous_contacts as (

    select distinct ends.contact_key
    from ends
    inner join ends as other_ends
        on
            ends.contact_key = other_ends.contact_key
            and ends.other_contact_key < other_ends.other_contact_key
    inner join described_contacts as ones
        on ends.other_contact_key = ones.contact_key
    inner join described_contacts as others
        on other_ends.other_contact_key = others.contact_key
    where
        ends.name_level in ('nickname', 'initial')
        and other_ends.name_level in ('nickname', 'initial')
        and not (ones.has_initial or others.has_initial)
        and not list_has_any(ones.given_forms, others.given_forms)

),

judged as (

    select
        compared.*,
        case
            when
                compared.email_level = 'same'
                and compared.name_level <> 'different'
                and contradicted_mailboxes.mailbox is null
                then 'e-mail'
            when compared.email_level = 'numbered' then null
            when
                compared.name_level = 'same'
                and (
                    compared.title_level in ('same', 'agreeing')
                    or (compared.title_level = 'compatible' and compared.email_level <> 'different')
                )
                then 'name and title'
            when compared.email_level = 'different' then null
            when
                left_ambiguous.contact_key is null and right_ambiguous.contact_key is null
                and (
                    (compared.name_level = 'nickname' and compared.title_level in ('same', 'agreeing'))
                    or (compared.name_level = 'initial' and compared.title_level = 'same')
                )
                then 'short name and title'
            when compared.name_level = 'misspelt' and compared.title_level = 'same' then 'misspelt name and title'
        end as match_reason
    from compared
    inner join contacts
        on compared.left_contact_key = contacts.contact_key
    left join contradicted_mailboxes
        on contacts.mailbox = contradicted_mailboxes.mailbox
    left join ambiguous_contacts as left_ambiguous
        on compared.left_contact_key = left_ambiguous.contact_key
    left join ambiguous_contacts as right_ambiguous
        on compared.right_contact_key = right_ambiguous.contact_key

),

final as (

    select
        left_contact_key,
        right_contact_key,
        account_key,
        left_party_id,
        right_party_id,
        email_level,
        name_level,
        title_level,
        match_reason,
        case match_reason
            {% for rule in rules %}
            when '{{ rule }}' then {{ loop.index }}
            {% endfor %}
        end as rule_rank,
        case
            when match_reason is not null then 'same'
            when name_level = 'different' or email_level = 'numbered' then 'different'
            when name_level = 'misspelt' and email_level = 'different' then 'different'
            else 'unsure'
        end as answer
    from judged

)

select * from final
