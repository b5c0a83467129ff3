{# The golden record: for every attribute of an account the value of the most trusted, then freshest record. #}

{# Attributes of dim_accounts that are chosen among records. #}
{% macro golden_attributes() -%}
    {{ return([
        'name', 'domain', 'website', 'phone', 'industry', 'employees', 'annual_revenue_usd', 'country_code', 'state',
        'city', 'parent_name', 'parent_account_key', 'our_owner',
    ] + registration_columns()) }}
{%- endmacro %}

{# The rank of each party, one column per attribute: its own row of attribute_trust, else the row for every partner. #}
{% macro party_trust_ranks(attributes) -%}
    {%- for attribute in attributes -%}
    coalesce(
        min(trust_rank) filter (where attribute = '{{ attribute }}' and trusted_party_id = party_id),
        min(trust_rank) filter (where attribute = '{{ attribute }}' and trusted_party_id is null)
    ) as {{ attribute }}_trust_rank{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# Trust first, then freshness: one number per record, lower is better. No account has 10^9 records. #}
{% macro golden_order(attribute) -%}
    (cast({{ attribute }}_trust_rank as bigint) * 1000000000 + freshness_rank)
{%- endmacro %}

{# For every attribute the chosen value, and the record it came from. #}
{% macro golden_values(attributes) -%}
    {%- for attribute in attributes -%}
    min_by({{ attribute }}, {{ golden_order(attribute) }}) filter (where {{ attribute }} is not null) as {{ attribute }},
    min_by(record_key, {{ golden_order(attribute) }}) filter (where {{ attribute }} is not null)
        as {{ attribute }}_record_key{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
