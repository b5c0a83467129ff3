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

{# A level of a number by cut points, which are its only place: under 8, 8 to 11, over 11.

   cuts: key of var level_cuts, the points ascending; a number on a cut belongs to the level above.
   unit: how many of the number's own units one unit of the cuts is; 1000 for bits against 1/1000 bits. #}
{% macro level_between(number, cuts, unit=1) -%}
    {%- set points = var("level_cuts")[cuts] -%}
    case
        {%- for point in points %}
        when {{ number }} < {{ point * unit }} then '
        {{- "under " ~ point if loop.first else points[loop.index0 - 1] ~ " to " ~ point }}'
        {%- endfor %}
        else 'over {{ points | last }}'
    end
{%- endmacro %}

{# A level of two values that agree or do not: unknown where either is missing. #}
{% macro level_of_two(column) -%}
    case
        when left_{{ column }} is null or right_{{ column }} is null then 'unknown'
        when left_{{ column }} = right_{{ column }} then 'same'
        else 'different'
    end
{%- endmacro %}
