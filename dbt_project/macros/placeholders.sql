{# Whether the figures of a number are ones that people make up (123456789). The CTE `placeholder_numbers` must be in the join. #}
{% macro is_placeholder_number(number) -%}
    list_contains(placeholder_numbers.numbers, ltrim(regexp_replace({{ number }}, '[^0-9]', '', 'g'), '0'))
{%- endmacro %}
