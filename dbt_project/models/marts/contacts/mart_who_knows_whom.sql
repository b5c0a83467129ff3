with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded

),

-- Nobody can be introduced to a department's mailbox.
persons as (

    select * from {{ ref('dim_persons') }}
    where name is not null or email is not null

),

person_contacts as (

    select * from {{ ref('bridge_person_contacts') }}
    where person_key is not null

),

contact_pairs as (

    select * from {{ ref('res_contact_pairs') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'contacts'

),

relationship_strengths as (

    select * from {{ ref('relationship_strengths') }}

),

seniorities as (

    select * from {{ ref('seniorities') }}

),

-- Of several contacts that one party has of a person, the closest counts.
person_parties as (

    select
        person_contacts.person_key,
        person_contacts.party_id,
        max(relationship_strengths.score) as relationship_score
    from person_contacts
    left join relationship_strengths
        on person_contacts.relationship_strength = relationship_strengths.relationship_strength
    group by person_contacts.person_key, person_contacts.party_id

),

-- A party that has sent no list of contacts may know everybody: what it knows is unknown, not nothing.
account_partners as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        partners.name as partner_name,
        case partners.status when 'signed' then 1 else 2 end as partner_status_order,
        ours.party_id is not null as has_our_list,
        theirs.party_id is not null as has_partner_list
    from account_overlaps
    inner join partners on account_overlaps.partner_id = partners.partner_id
    left join current_exports as ours on ours.party_id = 'us'
    left join current_exports as theirs on account_overlaps.partner_id = theirs.party_id

),

both_sides as (

    select
        account_partners.*,
        persons.person_key,
        ours.relationship_score as our_relationship_score,
        theirs.relationship_score as partner_relationship_score,
        case when account_partners.has_our_list then ours.person_key is not null end as is_known_to_us,
        case when account_partners.has_partner_list then theirs.person_key is not null end as is_known_to_partner
    from account_partners
    inner join persons on account_partners.account_key = persons.account_key
    left join person_parties as ours
        on persons.person_key = ours.person_key and ours.party_id = 'us'
    left join person_parties as theirs
        on persons.person_key = theirs.person_key and account_partners.partner_id = theirs.party_id
    where ours.person_key is not null or theirs.person_key is not null

),

-- Pairs of contacts that may be one person and were not joined.
unsure_ends as (

    select
        left_contact_key as contact_key,
        right_contact_key as other_contact_key
    from contact_pairs
    where answer = 'unsure'
    union all
    select
        right_contact_key as contact_key,
        left_contact_key as other_contact_key
    from contact_pairs
    where answer = 'unsure'

),

possible_persons as (

    select
        own.person_key,
        others.party_id as other_party_id,
        min(others.person_key) as other_person_key
    from unsure_ends
    inner join person_contacts as own on unsure_ends.contact_key = own.contact_key
    inner join person_contacts as others on unsure_ends.other_contact_key = others.contact_key
    where own.person_key <> others.person_key
    group by own.person_key, others.party_id

),

-- Whoever asks for an introduction to somebody they know already looks foolish; so a doubt is settled before.
played as (

    select
        both_sides.*,
        possible_persons.other_person_key as possible_person_key,
        case
            when both_sides.is_known_to_us and both_sides.is_known_to_partner then 'coordinate'
            when both_sides.is_known_to_us is null or both_sides.is_known_to_partner is null then 'unknown'
            when possible_persons.other_person_key is not null then 'check_first'
            when both_sides.is_known_to_partner then 'introduction'
            else 'reciprocal_introduction'
        end as play
    from both_sides
    left join possible_persons
        on
            both_sides.person_key = possible_persons.person_key
            and (
                (not both_sides.is_known_to_us and possible_persons.other_party_id = 'us')
                or (not both_sides.is_known_to_partner and both_sides.partner_id = possible_persons.other_party_id)
            )

),

ranked as (

    select
        played.*,
        persons.account_name,
        persons.name as person_name,
        persons.title,
        persons.seniority,
        persons.function,
        our_strengths.relationship_strength as our_relationship_strength,
        partner_strengths.relationship_strength as partner_relationship_strength,
        row_number() over (
            partition by played.person_key, played.play
            order by
                played.partner_relationship_score desc nulls last,
                played.partner_status_order asc,
                played.partner_id asc
        ) as partner_rank,
        row_number() over (
            partition by played.account_key, played.partner_id, played.play
            order by
                seniorities.precedence asc nulls last,
                coalesce(played.partner_relationship_score, played.our_relationship_score) desc nulls last,
                played.person_key asc
        ) as person_rank
    from played
    inner join persons on played.person_key = persons.person_key
    left join relationship_strengths as our_strengths on played.our_relationship_score = our_strengths.score
    left join relationship_strengths as partner_strengths on played.partner_relationship_score = partner_strengths.score
    left join seniorities on persons.seniority = seniorities.seniority

),

final as (

    select
        account_key,
        account_name,
        partner_id,
        partner_name,
        person_key,
        person_name,
        title,
        seniority,
        function,
        is_known_to_us,
        is_known_to_partner,
        our_relationship_strength,
        partner_relationship_strength,
        play,
        possible_person_key,
        case when play = 'introduction' then partner_rank end as introducer_rank,
        case when play in ('introduction', 'reciprocal_introduction') then person_rank end as introduction_rank
    from ranked

)

select * from final
