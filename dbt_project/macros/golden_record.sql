{# The golden record: for every attribute of an account the value of the most trusted, then freshest record. #}

{# Attributes of dim_accounts that are chosen among records. #}
{% macro golden_attributes() -%}
    {{ return([
        'name', 'domain', 'website', 'phone', 'industry', 'employees', 'annual_revenue_usd', 'country_code', 'state',
        'city', 'parent_name', 'parent_account_key', 'our_owner',
    ] + registration_columns()) }}
{%- endmacro %}

{# Of these the sizes, of which a record may know only a band; its ends stand in two more columns. #}
{% macro banded_attributes() -%}
    {{ return(['employees', 'annual_revenue_usd']) }}
{%- endmacro %}

{# The columns of some attributes: number and band are one attribute, chosen together. #}
{% macro golden_columns(attributes) -%}
    {%- set columns = [] -%}
    {%- for attribute in attributes -%}
        {%- do columns.append(attribute) -%}
        {%- if attribute in banded_attributes() -%}
            {%- do columns.extend([attribute ~ '_least', attribute ~ '_most']) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
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

{# Trust first, then freshness: one number per record, lower is better. Of two records equally trusted, the one with an
   exact number comes before the one with a band. No account has 5 * 10^8 records. #}
{% macro golden_order(attribute) -%}
    (
        cast({{ attribute }}_trust_rank as bigint) * 1000000000 + freshness_rank
        {%- if attribute in banded_attributes() %}
        + case when {{ attribute }} is null then 500000000 else 0 end
        {%- endif %}
    )
{%- endmacro %}

{# For every attribute the chosen value and the record it came from, as one struct: who is first is asked once. #}
{% macro golden_choices(attributes) -%}
    {%- for attribute in attributes -%}
    {%- set columns = golden_columns([attribute]) -%}
    arg_min(
        struct_pack(
            {%- for column in columns %}
            {{ column }} := {{ column }},
            {%- endfor %}
            record_key := record_key
        ),
        {{ golden_order(attribute) }}
    ) filter (where coalesce({{ columns | join(', ') }}) is not null) as {{ attribute }}_choice{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# The columns of these choices. #}
{% macro golden_values(attributes) -%}
    {%- for attribute in attributes -%}
    {%- for column in golden_columns([attribute]) -%}
    {{ attribute }}_choice.{{ column }} as {{ column }},
    {% endfor -%}
    {{ attribute }}_choice.record_key as {{ attribute }}_record_key{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
