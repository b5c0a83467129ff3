{# How a row of another object finds its account inside the same party: by the account's id, else by a name that only
   one of the party's records has. The import CTE `accounts` (stg_accounts) must stand before it. #}

{% macro unique_account_names() -%}
    select
        party_id,
        {{ mapping_key('name') }} as name_key,
        min(record_key) as record_key
    from accounts
    group by party_id, {{ mapping_key('name') }}
    having count(*) = 1
{%- endmacro %}

{% macro join_account_links(records) -%}
    left join accounts as accounts_by_id
        on
            accounts_by_id.party_id = {{ records }}.party_id
            and accounts_by_id.source_id = trim({{ records }}.account_source_id)
    left join unique_account_names
        on
            accounts_by_id.record_key is null
            and unique_account_names.party_id = {{ records }}.party_id
            and unique_account_names.name_key = {{ mapping_key(records ~ '.account_name') }}
{%- endmacro %}
