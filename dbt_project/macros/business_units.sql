{# The id that a record has in the system of its business unit: 1001 of north/1001. Without units, and where a unit has no
   ids of its own, it is the id itself. #}
{% macro id_in_unit(source_id, business_unit) -%}
    case
        when starts_with({{ source_id }}, concat({{ business_unit }}, '/'))
            then substring({{ source_id }}, length({{ business_unit }}) + 2)
        else {{ source_id }}
    end
{%- endmacro %}
