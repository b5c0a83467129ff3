{# What two records are compared by; each has a <comparison>_level and weighs <comparison>_millibits. #}
{% macro comparisons() -%}
    {{ return([
        "registration", "domain", "domain_label", "name", "name_kind", "distinctiveness", "rest", "spelling",
        "substring", "first_word", "numeral", "legal_form", "namesake", "country", "city", "phone",
    ]) }}
{%- endmacro %}
