{%- set attributes = ['website', 'country', 'industry', 'employees'] -%}

with current_exports as (

    select * from {{ ref('stg_current_exports') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

contacts as (

    select * from {{ ref('stg_contacts') }}

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}

),

engagements as (

    select * from {{ ref('stg_engagements') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

person_contacts as (

    select * from {{ ref('bridge_person_contacts') }}

),

account_matches as (

    select * from {{ ref('fct_account_matches') }}

),

refusals as (

    select * from {{ ref('stg_refusals') }}

),

cadences as (

    select * from {{ ref('refresh_cadences') }}

),

parties as (

    select
        partner_id as party_id,
        name as party_name,
        list_status,
        refresh_cadence
    from partners
    union all
    select
        'us' as party_id,
        'us' as party_name,
        cast(null as varchar) as list_status,
        'monthly' as refresh_cadence

),

-- A list of accounts is expected of everybody, whether or not one ever came; of the other objects only what was sent.
lists as (

    select
        parties.party_id,
        'accounts' as object
    from parties
    union
    select
        party_id,
        object
    from current_exports

),

-- Which company, and which person, a row of a list was found to be.
records as (

    select
        accounts.party_id,
        'accounts' as object,
        account_records.account_key,
        account_records.account_key as entity_key
    from accounts
    left join account_records on accounts.record_key = account_records.record_key
    union all
    select
        contacts.party_id,
        'contacts' as object,
        account_records.account_key,
        coalesce(person_contacts.person_key, contacts.contact_key) as entity_key
    from contacts
    left join account_records on contacts.account_record_key = account_records.record_key
    left join person_contacts on contacts.contact_key = person_contacts.contact_key
    union all
    select
        opportunities.party_id,
        'opportunities' as object,
        account_records.account_key,
        cast(null as varchar) as entity_key
    from opportunities
    left join account_records on opportunities.account_record_key = account_records.record_key
    union all
    select
        engagements.party_id,
        'engagements' as object,
        account_records.account_key,
        cast(null as varchar) as entity_key
    from engagements
    left join account_records on engagements.account_record_key = account_records.record_key

),

counted as (

    select
        party_id,
        object,
        count(*) as record_count,
        count(distinct account_key) as account_count,
        count(distinct entity_key) as entity_count
    from records
    group by party_id, object

),

filled as (

    select
        party_id,
        'accounts' as object,
        count(website) as website_count,
        count(country_code) as country_count,
        count(industry) as industry_count,
        count(coalesce(employees_least, employees_most)) as employees_count
    from accounts
    group by party_id

),

-- What was joined without anybody's word between our list and another; an unlikely pair is chance in so many cases.
joined_pairs as (

    select
        match_probability,
        case when left_party_id = 'us' then right_party_id else left_party_id end as party_id
    from account_matches
    where
        (left_party_id = 'us') <> (right_party_id = 'us')
        and band = 'auto'
        and decision is null

),

joined_counts as (

    select
        party_id,
        'accounts' as object,
        count(*) as match_count,
        -- summed in integers, so that the order of rows does not matter
        sum(cast(round(1e6 * (1 - match_probability)) as bigint)) / 1e6 as chance_match_count
    from joined_pairs
    group by party_id

),

refused_from_list as (

    select
        refusals.party_id,
        refusals.object,
        count(*) filter (where refusals.refused = 'row') as refused_row_count,
        count(*) filter (where refusals.refused = 'value') as refused_value_count
    from refusals
    inner join current_exports
        on
            refusals.party_id = current_exports.party_id
            and refusals.object = current_exports.object
            and refusals.export_month = current_exports.export_month
    group by refusals.party_id, refusals.object

),

refused_files as (

    select
        party_id,
        object,
        export_month,
        file_name
    from refusals
    where refused = 'file'

),

-- Files that would have been this list or a newer one, had they not been refused.
refused_since as (

    select
        refused_files.party_id,
        refused_files.object,
        count(distinct refused_files.file_name) as refused_file_count
    from refused_files
    left join current_exports
        on
            refused_files.party_id = current_exports.party_id
            and refused_files.object = current_exports.object
    where coalesce(refused_files.export_month >= current_exports.export_month, true)
    group by refused_files.party_id, refused_files.object

),

dated as (

    select
        lists.party_id,
        lists.object,
        parties.party_name,
        parties.list_status as accounts_list_status,
        parties.refresh_cadence,
        current_exports.export_month as list_month,
        cadences.months as cadence_months,
        date_diff('month', current_exports.export_month, {{ as_of_month() }}) as age_months,
        lists.object = 'accounts' and lists.party_id <> 'us' and current_exports.export_month is not null as is_matched
    from lists
    inner join parties on lists.party_id = parties.party_id
    left join current_exports
        on
            lists.party_id = current_exports.party_id
            and lists.object = current_exports.object
    left join cadences on parties.refresh_cadence = cadences.refresh_cadence

),

described as (

    select
        dated.*,
        -- a list that never came has no figures
        case when dated.list_month is not null then coalesce(counted.record_count, 0) end as record_count,
        case when dated.list_month is not null then coalesce(counted.account_count, 0) end as account_count,
        case
            when dated.object in ('accounts', 'contacts')
                then {{ rate('(counted.record_count - counted.entity_count)', 'counted.record_count') }}
        end as duplicate_rate,
        case when dated.list_month is not null then coalesce(refused_from_list.refused_row_count, 0) end
            as refused_row_count,
        case when dated.list_month is not null then coalesce(refused_from_list.refused_value_count, 0) end
            as refused_value_count,
        {% for attribute in attributes %}
        {{ rate('filled.' ~ attribute ~ '_count', 'counted.record_count') }} as {{ attribute }}_rate,
        {% endfor %}
        coalesce(refused_since.refused_file_count, 0) as refused_file_count,
        case when dated.is_matched then coalesce(joined_counts.match_count, 0) end as match_count,
        case when dated.is_matched then coalesce(joined_counts.chance_match_count, 0) end as chance_match_count
    from dated
    left join counted on dated.party_id = counted.party_id and dated.object = counted.object
    left join filled on dated.party_id = filled.party_id and dated.object = filled.object
    left join refused_from_list
        on
            dated.party_id = refused_from_list.party_id
            and dated.object = refused_from_list.object
    left join joined_counts on dated.party_id = joined_counts.party_id and dated.object = joined_counts.object
    left join refused_since
        on
            dated.party_id = refused_since.party_id
            and dated.object = refused_since.object

),

final as (

    select
        party_id,
        party_name,
        object,
        case
            when list_month < {{ as_of_month() }} then 'stale list'
            when list_month is not null then 'current list'
            else coalesce(accounts_list_status, 'no list')
        end as list_status,
        list_month,
        age_months,
        refresh_cadence,
        cast(list_month + to_months(cadence_months) as date) as next_list_month,
        age_months >= cadence_months as is_late,
        record_count,
        account_count,
        duplicate_rate,
        refused_row_count,
        refused_value_count,
        refused_file_count,
        {% for attribute in attributes %}
        {{ attribute }}_rate,
        {% endfor %}
        {{ rate('(' ~ attributes | join('_rate + ') ~ '_rate)', attributes | length) }} as completeness_rate,
        match_count,
        cast(chance_match_count as decimal(12, 1)) as chance_match_count
    from described

)

select * from final
