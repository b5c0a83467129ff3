{# Refuses a seed of one workspace for the warehouse of another, before it is written. #}
{% macro check_seeds_are_its_own() -%}
    {%- if execute and env_var("ACCOUNT_MAPPING_WAREHOUSE", "") and not env_var("ACCOUNT_MAPPING_SEED_PATH", "") -%}
        {{ exceptions.raise_compiler_error(
            "These are the demo's seeds, and the warehouse is another workspace's (ACCOUNT_MAPPING_WAREHOUSE). "
            ~ "`make run` loads the seeds of a workspace; by hand, leave them out: --exclude 'resource_type:seed'."
        ) }}
    {%- endif -%}
{%- endmacro %}
