{# Whether two records are one company by what they say of themselves, not by their ids: decisions and exclusions hold
   for the company, and a record that was exchanged under its id is another one. Both sides have core_name, domain,
   country_code, city and the columns of registration numbers. #}

{# Names of a record are numbered: 0 its own, then at most three that stand in it (udfs/name_forms.py), then earlier ones. #}
{% macro first_earlier_name_number() -%}
    {{ return(4) }}
{%- endmacro %}

{# What rows with name, website_host, country_code, city and registration numbers say, in comparable form; name_forms
   and host_domains must be joined. #}
{% macro comparable_company(rows) -%}
    coalesce(name_forms.core_name, '') as core_name,
    host_domains.domain,
    upper({{ rows }}.country_code) as country_code,
    case when {{ rows }}.city is not null then folded_text({{ rows }}.city) end as city
    {%- for scheme in registration_schemes() -%}
    , case
        when {{ rows }}.{{ scheme.column }} is not null
            then valid_registration_number({{ rows }}.{{ scheme.column }}, '{{ scheme.scheme }}')
    end as {{ scheme.column }}
    {%- endfor %}
{%- endmacro %}

{# Of two records of one name, that there is nothing else to go by than the place, and it is the same: neither has a
   domain or a registration number. A country that one of them does not say is no other one. #}
{% macro is_same_by_place(one, other) -%}
    coalesce(
        {%- for side in [one, other] -%}
        {%- for column in ["domain"] + registration_columns() -%}
        {{ side }}.{{ column }}{{ ", " }}
        {%- endfor -%}
        {%- endfor -%}
        null
    ) is null
    and {{ one }}.city is not distinct from {{ other }}.city
    and coalesce({{ one }}.country_code = {{ other }}.country_code, true)
{%- endmacro %}

{# Whether name, domain or a registration number is still the same; false where nothing is. #}
{% macro is_recognisable(one, other) -%}
    coalesce({{ one }}.core_name = {{ other }}.core_name, false)
    {%- for column in ["domain"] + registration_columns() %}
    or coalesce({{ one }}.{{ column }} = {{ other }}.{{ column }}, false)
    {%- endfor %}
{%- endmacro %}
