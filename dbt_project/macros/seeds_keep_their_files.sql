{# dbt writes the SQL of a seed to target/run/<project>/<path of the seed>. With an absolute path that place is the seed
   itself, and its rows are gone. So an absolute path is refused before anything is written. #}
{% macro refuse_absolute_seed_path(model) %}
    {% if model.original_file_path.startswith('/') or ':' in model.original_file_path %}
        {{ exceptions.raise_compiler_error(
            "The seed path is absolute (" ~ model.original_file_path ~ "): dbt would write over the file."
            ~ " Give ACCOUNT_MAPPING_SEED_PATH relative to dbt_project."
        ) }}
    {% endif %}
{% endmacro %}

{% macro duckdb__create_csv_table(model, agate_table) %}
    {{ refuse_absolute_seed_path(model) }}
    {{ return(default__create_csv_table(model, agate_table)) }}
{% endmacro %}

{% macro duckdb__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {{ refuse_absolute_seed_path(model) }}
    {{ return(default__reset_csv_table(model, full_refresh, old_relation, agate_table)) }}
{% endmacro %}
