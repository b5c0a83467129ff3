{# What a person sees of a record, and what would make them, or the pipeline, decide anew if it changed. #}
{% macro fingerprinted_attributes() -%}
    {{ return(["name", "website_host", "country_code", "state", "city", "phone"] + registration_columns()) }}
{%- endmacro %}

{# What two records are compared by; each has a <comparison>_level and weighs <comparison>_millibits. #}
{% macro comparisons() -%}
    {{ return([
        "registration", "domain", "domain_label", "name", "name_kind", "distinctiveness", "rest", "spelling",
        "substring", "first_word", "numeral", "legal_form", "namesake", "country", "city", "phone",
    ]) }}
{%- endmacro %}

{# What the two ends' choices are compared by; each has a <lead>_level too. #}
{% macro leads() -%}
    {{ return(["smaller_lead", "larger_lead"]) }}
{%- endmacro %}

{# A level of two values that agree or do not: unknown where either is missing. #}
{% macro level_of_two(column) -%}
    case
        when left_{{ column }} is null or right_{{ column }} is null then 'unknown'
        when left_{{ column }} = right_{{ column }} then 'same'
        else 'different'
    end
{%- endmacro %}
