{# What a person sees of a record, and what would make them, or the pipeline, decide anew if it changed. #}
{% macro telling_attributes() -%}
    {{ return([
        "name", "website_host", "country_code", "state", "city", "phone", "lei", "duns", "vat_number", "siret", "cik",
    ]) }}
{%- endmacro %}

{# What two records are compared by; each has a <comparison>_level and weighs <comparison>_millibits. #}
{% macro comparisons() -%}
    {{ return([
        "registration", "domain", "domain_label", "name", "name_kind", "distinctiveness", "rest", "spelling",
        "substring", "first_word", "numeral", "legal_form", "namesake", "country", "city", "phone",
    ]) }}
{%- endmacro %}
