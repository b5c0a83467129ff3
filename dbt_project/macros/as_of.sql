{# First day of the month the run is for, as text: var as_of_month, else the environment's ACCOUNT_MAPPING_AS_OF_MONTH,
   which Dagster sets (a var on the command line would make dbt parse every file again, month after month). #}
{% macro as_of_month_text() -%}
    {%- set month = var("as_of_month", none) or env_var("ACCOUNT_MAPPING_AS_OF_MONTH", "") -%}
    {%- if execute and not month -%}
        {{ exceptions.raise_compiler_error("Say which month: --vars 'as_of_month: 2026-10-01'.") }}
    {%- endif -%}
    {{- month -}}
{%- endmacro %}

{# First day of the month the run is for, as a date. #}
{% macro as_of_month() -%}
    cast('{{ as_of_month_text() }}' as date)
{%- endmacro %}

{# The day that counts as today: var as_of_date, else the last day of as_of_month. #}
{% macro as_of_date() -%}
    {%- if var("as_of_date", none) -%}
        cast('{{ var("as_of_date") }}' as date)
    {%- else -%}
        {{ dbt.last_day(as_of_month(), "month") }}
    {%- endif -%}
{%- endmacro %}
