{# A table that remembers month by month: its first line in place of a config. The run's month and every later one are made
   anew, so loading an earlier month again replays what follows. A column that a release adds is empty in earlier months.

   also_anew: a condition for rows of earlier months that are made anew as well. #}
{% macro history(also_anew=none) -%}
    {%- set anew = "as_of_month >= {{ as_of_month() }}" ~ (" or " ~ also_anew if also_anew else "") -%}
    {{ config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="append_new_columns",
        full_refresh=false,
        pre_hook="{% if is_incremental() %}delete from {{ this }} where " ~ anew ~ "{% endif %}",
        post_hook="{{ report_row_count() }}"
    ) }}
{%- endmacro %}
