with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'contacts'

),

known_persons as (

    select * from {{ ref('mart_who_knows_whom') }}

),

relationship_strengths as (

    select * from {{ ref('relationship_strengths') }}

),

seniorities as (

    select * from {{ ref('seniorities') }}

),

counted as (

    select
        known_persons.account_key,
        known_persons.partner_id,
        count(*) filter (where known_persons.is_known_to_us) as our_person_count,
        count(*) filter (where known_persons.is_known_to_partner) as partner_person_count,
        count(*) filter (where known_persons.play = 'coordinate') as both_know_count,
        count(*) filter (where known_persons.play = 'introduction') as introduction_count,
        count(*) filter (where known_persons.play = 'reciprocal_introduction') as reciprocal_introduction_count,
        count(*) filter (where known_persons.play = 'check_first') as check_first_count,
        max(relationship_strengths.score) filter (where known_persons.play = 'introduction') as introduction_score,
        min(seniorities.precedence) filter (where known_persons.play = 'introduction') as introduction_precedence
    from known_persons
    left join relationship_strengths
        on known_persons.partner_relationship_strength = relationship_strengths.relationship_strength
    left join seniorities on known_persons.seniority = seniorities.seniority
    group by known_persons.account_key, known_persons.partner_id

),

-- A list that was delivered and names nobody of an account says zero; a list that never came says nothing.
described as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        accounts.name as account_name,
        partners.name as partner_name,
        case partners.status when 'signed' then 1 else 2 end as partner_status_order,
        case when ours.party_id is null then 'no list' when ours.is_stale then 'stale list' else 'current list' end
            as our_contact_list_status,
        case when theirs.party_id is null then 'no list' when theirs.is_stale then 'stale list' else 'current list' end
            as partner_contact_list_status,
        case when ours.party_id is not null then coalesce(counted.our_person_count, 0) end as our_person_count,
        case when theirs.party_id is not null then coalesce(counted.partner_person_count, 0) end
            as partner_person_count,
        {% for count in ['both_know', 'introduction', 'reciprocal_introduction', 'check_first'] %}
        case
            when ours.party_id is not null and theirs.party_id is not null then coalesce(counted.{{ count }}_count, 0)
        end as {{ count }}_count,
        {% endfor %}
        counted.introduction_score,
        counted.introduction_precedence
    from account_overlaps
    inner join accounts on account_overlaps.account_key = accounts.account_key
    inner join partners on account_overlaps.partner_id = partners.partner_id
    left join counted
        on
            account_overlaps.account_key = counted.account_key
            and account_overlaps.partner_id = counted.partner_id
    left join current_exports as ours on ours.party_id = 'us'
    left join current_exports as theirs on account_overlaps.partner_id = theirs.party_id

),

-- The partner who introduces us best at the account: by the closest relationship, the highest seniority, the number.
ranked as (

    select
        described.*,
        relationship_strengths.relationship_strength as strongest_introduction,
        row_number() over (
            partition by described.account_key, coalesce(described.introduction_count, 0) > 0
            order by
                described.introduction_score desc nulls last,
                described.introduction_precedence asc nulls last,
                described.introduction_count desc,
                described.partner_status_order asc,
                described.partner_id asc
        ) as partner_rank
    from described
    left join relationship_strengths on described.introduction_score = relationship_strengths.score

),

final as (

    select
        account_key,
        account_name,
        partner_id,
        partner_name,
        our_contact_list_status,
        partner_contact_list_status,
        our_person_count,
        partner_person_count,
        both_know_count,
        introduction_count,
        reciprocal_introduction_count,
        check_first_count,
        strongest_introduction,
        case when introduction_count > 0 then partner_rank end as introducer_rank
    from ranked

)

select * from final
