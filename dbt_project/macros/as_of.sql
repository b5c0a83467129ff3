{# First day of the month the run is for, as text: var as_of_month, else the environment's ACCOUNT_MAPPING_AS_OF_MONTH,
   which every run sets (a var on the command line would make dbt parse every file again, month after month), else, for
   who works with dbt by hand, the latest month that was loaded. #}
{% macro as_of_month_text() -%}
    {{- var("as_of_month", none) or env_var("ACCOUNT_MAPPING_AS_OF_MONTH", "") or (latest_loaded_month() if execute else "") -}}
{%- endmacro %}

{# First day of the latest month of which a file was landed, as text. #}
{% macro latest_loaded_month() -%}
    {%- if adapter.get_relation(database=target.database, schema="raw", identifier="files") is none -%}
        {{ exceptions.raise_compiler_error(
            "There is no warehouse at " ~ target.path ~ ", or nothing was loaded into it. Run `make demo`, or `make run` on "
            ~ "your own exports, and for your own set ACCOUNT_MAPPING_WAREHOUSE to its warehouse.duckdb."
        ) }}
    {%- endif -%}
    {{- run_query("select max(export_month) as month from raw.files where status = 'landed'").columns[0].values()[0] -}}
{%- endmacro %}

{# First day of the month the run is for, as a date. #}
{% macro as_of_month() -%}
    cast('{{ as_of_month_text() }}' as date)
{%- endmacro %}

{# The day that counts as today: var as_of_date, else what the loading of the month has recorded (while a month is running,
   the day of its last run), else the last day of as_of_month; that too for a month that a var names, as unit tests do. #}
{% macro as_of_date() -%}
    {%- set recorded = none if var("as_of_month", none) or not execute else recorded_day() -%}
    {%- set day = var("as_of_date", none) or recorded -%}
    {%- if day -%}
        cast('{{ day }}' as date)
    {%- else -%}
        {{ dbt.last_day(as_of_month(), "month") }}
    {%- endif -%}
{%- endmacro %}

{# What was recorded as today when the run's month was loaded; none where nobody has, as in a warehouse of an older release. #}
{% macro recorded_day() -%}
    {%- if adapter.get_relation(database=target.database, schema="raw", identifier="loaded_months") is not none -%}
        {%- set recorded = run_query(
            "select cast(max(as_of_date) as varchar) from raw.loaded_months where export_month = " ~ as_of_month()
        ) -%}
        {{ return(recorded.columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
