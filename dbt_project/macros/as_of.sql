{# First day of the month the run is for, as a date. #}
{% macro as_of_month() -%}
    cast('{{ var("as_of_month") }}' as date)
{%- endmacro %}

{# The day that counts as today: var as_of_date, else the last day of as_of_month. #}
{% macro as_of_date() -%}
    {%- if var("as_of_date") -%}
        cast('{{ var("as_of_date") }}' as date)
    {%- else -%}
        {{ dbt.last_day("cast('" ~ var("as_of_month") ~ "' as date)", "month") }}
    {%- endif -%}
{%- endmacro %}
