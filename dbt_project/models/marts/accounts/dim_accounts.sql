{%- set attributes = golden_attributes() -%}
{%- set columns = golden_columns(attributes) -%}
{%- set not_as_stated = ['domain', 'parent_account_key', 'our_owner', 'state', 'city']
    + golden_columns(banded_attributes()) -%}

with account_records as (

    select * from {{ ref('bridge_account_records') }}

),

account_parties as (

    select * from {{ ref('bridge_account_parties') }}

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

records as (

    select * from {{ ref('stg_accounts') }}

),

-- What ranks records, read by itself: read from records, it would keep all columns of them in memory.
dated_records as (

    select
        record_key,
        party_id,
        country_code,
        modified_on,
        export_month
    from {{ ref('stg_accounts') }}

),

clusters as (

    select * from {{ ref('res_account_clusters') }}

),

compared_records as (

    select * from {{ ref('res_account_records') }}

),

account_parents as (

    select * from {{ ref('res_account_parents') }}
    where is_believed

),

withheld_values as (

    select * from {{ ref('res_withheld_values') }}

),

account_groups as (

    select * from {{ ref('res_account_groups') }}

),

attribute_trust as (

    select * from {{ ref('attribute_trust') }}

),

parties as (

    select distinct party_id from account_records

),

parties_and_ranks as (

    select
        parties.party_id,
        attribute_trust.party_id as trusted_party_id,
        attribute_trust.attribute,
        attribute_trust.trust_rank
    from parties
    cross join attribute_trust

),

-- The ranks of each party, one column per attribute: its own row, else the row for every partner.
party_trust as (

    select
        party_id,
        {{ party_trust_ranks(attributes) }}
    from parties_and_ranks
    group by party_id

),

our_accounts as (

    select account_key
    from account_parties
    where party_id = 'us'

),

-- Without what is to be chosen, which would be sorted along. Of an account of ours a partner's record says nothing
-- unless more than one thing proves that it is that company.
ranked_records as (

    select
        account_records.account_key,
        account_records.record_key,
        dated_records.party_id,
        dated_records.country_code,
        row_number() over (
            partition by account_records.account_key
            order by
                dated_records.modified_on desc nulls last,
                dated_records.export_month desc,
                dated_records.record_key asc
        ) as freshness_rank
    from account_records
    inner join dated_records on account_records.record_key = dated_records.record_key
    inner join clusters on account_records.record_key = clusters.record_key
    left join our_accounts on account_records.account_key = our_accounts.account_key
    where clusters.is_witnessed or our_accounts.account_key is null

),

chosen_countries as (

    select
        ranked_records.account_key,
        min_by(ranked_records.country_code, {{ golden_order('country_code') }}) as chosen_country_code
    from ranked_records
    inner join party_trust on ranked_records.party_id = party_trust.party_id
    where ranked_records.country_code is not null
    group by ranked_records.account_key

),

withheld_sizes as (

    select
        {% for size in banded_attributes() %}
        bool_or(attribute = '{{ size }}') as is_{{ size }}_withheld,
        {% endfor %}
        record_key
    from withheld_values
    group by record_key

),

-- A state or city of a record in another country than the chosen one would make an address that does not exist.
described_records as (

    select
        ranked_records.account_key,
        ranked_records.record_key,
        compared_records.domain,
        account_parents.parent_account_key,
        case when records.party_id = 'us' then records.owner end as our_owner,
        {% for column in columns if column not in not_as_stated %}
        records.{{ column }},
        {% endfor %}
        {% for size in banded_attributes() %}
        {% for column in golden_columns([size]) %}
        case when withheld_sizes.is_{{ size }}_withheld then null else records.{{ column }} end as {{ column }},
        {% endfor %}
        {% endfor %}
        {% for column in ('state', 'city') %}
        case
            when coalesce(records.country_code = chosen_countries.chosen_country_code, true) then records.{{ column }}
        end as {{ column }},
        {% endfor %}
        {% for attribute in attributes %}
        party_trust.{{ attribute }}_trust_rank,
        {% endfor %}
        ranked_records.freshness_rank
    from ranked_records
    inner join records on ranked_records.record_key = records.record_key
    inner join party_trust on records.party_id = party_trust.party_id
    left join chosen_countries on ranked_records.account_key = chosen_countries.account_key
    left join compared_records on ranked_records.record_key = compared_records.record_key
    left join account_parents on ranked_records.record_key = account_parents.record_key
    left join withheld_sizes on ranked_records.record_key = withheld_sizes.record_key

),

chosen_values as (

    select
        account_key,
        {{ golden_choices(attributes) }}
    from described_records
    group by account_key

),

golden_records as (

    select
        chosen_values.account_key,
        {{ golden_values(attributes) }}
    from chosen_values

),

relationships as (

    select
        account_key,
        cast(sum(case when party_id = 'us' then record_count else 0 end) as bigint) as our_record_count,
        cast(sum(case when party_id <> 'us' then record_count else 0 end) as bigint) as partner_record_count,
        max(case when party_id = 'us' then lifecycle_status end) as our_status,
        coalesce(bool_or(party_id = 'us'), false) as is_on_our_list,
        coalesce(bool_or(is_partner and party_id = 'us'), false) as is_partner,
        sum(case when party_id <> 'us' then 1 else 0 end) as partner_count,
        min(first_seen_month) as first_seen_month
    from account_parties
    group by account_key

),

-- The reason shown is that of the widest exclusion, then the oldest.
numbered_exclusions as (

    select
        account_key,
        reason,
        partner_id,
        row_number() over (
            partition by account_key
            order by case when partner_id is null then 1 else 2 end, is_undecided, since nulls first, exclusion_id
        ) as exclusion_number
    from account_exclusions

),

first_exclusions as (

    select
        account_key,
        reason,
        case when partner_id is null then 'all partners' else 'named partners' end as exclusion_scope
    from numbered_exclusions
    where exclusion_number = 1

),

final as (

    select
        golden_records.account_key,
        {% for column in columns %}
        golden_records.{{ column }},
        {% endfor %}
        {% for attribute in attributes %}
        golden_records.{{ attribute }}_record_key,
        {% endfor %}
        account_groups.group_key,
        account_groups.ultimate_parent_account_key,
        account_groups.group_account_count,
        relationships.is_on_our_list,
        relationships.is_partner,
        first_exclusions.reason as exclusion_reason,
        relationships.our_record_count,
        relationships.partner_record_count,
        cast(relationships.partner_count as integer) as partner_count,
        relationships.first_seen_month,
        coalesce(parents.name, firsts.name) as group_name,
        coalesce(relationships.our_status, 'none') as our_status,
        coalesce(first_exclusions.exclusion_scope = 'all partners', false) as is_excluded,
        coalesce(first_exclusions.exclusion_scope, 'none') as exclusion_scope
    from golden_records
    inner join relationships on golden_records.account_key = relationships.account_key
    left join first_exclusions on golden_records.account_key = first_exclusions.account_key
    left join account_groups on golden_records.account_key = account_groups.account_key
    left join golden_records as parents on account_groups.ultimate_parent_account_key = parents.account_key
    left join golden_records as firsts on account_groups.group_key = firsts.account_key

)

select * from final
