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

{# The months that a table has kept, each with the kept one before it; null for the first. #}
{% macro kept_months(table) -%}
    select
        as_of_month,
        lag(as_of_month) over (order by as_of_month) as previous_month
    from {{ table }}
    group by as_of_month
{%- endmacro %}

{# A month is written once, straight into the table: the adapter's own materialization fills a temporary table first and
   copies that. What is to be added is a view instead, for dbt to compare columns with and to append from. All of it is one
   transaction with the hooks, so a run that fails leaves the months as they were. No table that remembers is made anew. #}
{% materialization incremental, adapter="duckdb", supported_languages=["sql"] %}

    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is none -%}
        {%- set build = create_table_as(False, target, compiled_code, "sql") -%}
    {%- else -%}
        {%- set addition = make_temp_relation(target).incorporate(type="view") -%}
        {%- if config.get("contract").enforced -%}
            {%- do get_assert_columns_equivalent(compiled_code) -%}
        {%- endif -%}
        {%- do run_query("create temporary view " ~ addition ~ " as " ~ compiled_code) -%}
        {%- set columns = process_schema_changes(config.get("on_schema_change"), addition, existing) -%}
        {%- set append = adapter.get_incremental_strategy_macro(context, config.get("incremental_strategy")) -%}
        {%- set build = append({"target_relation": target, "temp_relation": addition, "dest_columns": columns}) -%}
    {%- endif -%}
    {% call statement("main", language="sql") -%}
        {{ build }}
    {%- endcall %}
    {% if addition is defined %}
        {% do run_query("drop view " ~ addition) %}
    {% endif %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}

{% endmaterialization %}
