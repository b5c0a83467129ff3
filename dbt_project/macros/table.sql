{# A table in one statement: DuckDB's DDL is transactional, so nothing need be built beside it, renamed twice and dropped,
   as the adapter's own materialization does. Says how many rows it was built with, which Dagster shows. #}
{% materialization table, adapter="duckdb", supported_languages=["sql"] %}

    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement("main", fetch_result=True, language="sql") -%}
        drop {{ existing.type if existing is not none else "table" }} if exists {{ target }};
        {{ create_table_as(False, target, compiled_code, "sql") }}
    {%- endcall %}
    {% do log(load_result("main")["data"][0][0] ~ " rows in " ~ this.schema ~ "." ~ this.identifier, info=true) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}

{% endmaterialization %}
