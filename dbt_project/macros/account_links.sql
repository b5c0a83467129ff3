{# How a row of another object finds its account inside the same party: by the account's id, else by a name that only one of
   the party's records has. The import CTEs `accounts` (stg_accounts) and `account_ids` (stg_account_ids) must stand
   before it. #}

{# The names that only one record of its party has, of those that rows ask for; often none does.

   records: what asks, with party_id and account_name. #}
{% macro unique_account_names(records) -%}
    select
        accounts.party_id,
        {{ mapping_key('accounts.name') }} as name_key,
        min(accounts.record_key) as record_key
    from accounts
    where (accounts.party_id, {{ mapping_key('accounts.name') }}) in (
        select
            asking.party_id,
            {{ mapping_key('asking.account_name') }}
        from {{ records }} as asking
        where asking.account_name is not null
    )
    group by accounts.party_id, {{ mapping_key('accounts.name') }}
    having count(*) = 1
{%- endmacro %}

{# Of several ids (12;34) the first is meant. A number finds its account without leading zeros too, where a spreadsheet has
   eaten them on one side (stg_account_ids). #}
{% macro join_account_links(records) -%}
    {%- set account_id = "trim(split_part(" ~ records ~ ".account_source_id, ';', 1))" -%}
    left join account_ids as accounts_by_id
        on
            accounts_by_id.party_id = {{ records }}.party_id
            and accounts_by_id.account_id = {{ account_id }}
    left join account_ids as accounts_by_number
        on
            accounts_by_id.record_key is null
            and accounts_by_number.party_id = {{ records }}.party_id
            and accounts_by_number.account_id = {{ number_of_id(account_id) }}
    left join unique_account_names
        on
            accounts_by_id.record_key is null
            and accounts_by_number.record_key is null
            and unique_account_names.party_id = {{ records }}.party_id
            and unique_account_names.name_key = {{ mapping_key(records ~ '.account_name') }}
{%- endmacro %}

{# The record that the joins above have found. #}
{% macro linked_record_key() -%}
    coalesce(accounts_by_id.record_key, accounts_by_number.record_key, unique_account_names.record_key)
{%- endmacro %}

{# The number that an id is, whatever zeros stand before it; null for other ids. #}
{% macro number_of_id(account_id) -%}
    case when translate({{ account_id }}, '0123456789', '') = '' then concat('number ', ltrim({{ account_id }}, '0')) end
{%- endmacro %}

{# The short form (15 characters) of a Salesforce id, which old reports and people still write; null for other ids.
   Lists have the long one (orchestration/ingestion/ids.py). #}
{% macro short_salesforce_id(account_id) -%}
    case
        when
            regexp_full_match({{ account_id }}, '[A-Za-z0-9]{5}0000[A-Za-z0-9]{6}([A-Za-z0-9]{3})?')
            and regexp_matches({{ account_id }}, '[A-Za-z]')
            then left({{ account_id }}, 15)
    end
{%- endmacro %}
