{# Says how many rows a seed, or a table that remembers, has now; Dagster shows the number in its asset catalogue. Other
   tables say it when they are made (table.sql). #}
{% macro report_row_count() -%}
    {%- if execute -%}
        {%- set row_count = run_query("select count(*) from " ~ this).rows[0][0] -%}
        {%- do log(row_count ~ " rows in " ~ this.schema ~ "." ~ this.identifier, info=true) -%}
    {%- endif -%}
{%- endmacro %}
