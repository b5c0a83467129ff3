{# Says how many rows a table was built with; Dagster shows the number in its asset catalogue. A hook of every table:
   counting them when dbt has finished would hold back its events until then. #}
{% macro tell_row_count() -%}
    {%- if execute -%}
        {%- set row_count = run_query("select count(*) from " ~ this).rows[0][0] -%}
        {%- do log(row_count ~ " rows in " ~ this.schema ~ "." ~ this.identifier, info=true) -%}
    {%- endif -%}
{%- endmacro %}
