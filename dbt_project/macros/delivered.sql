{# Whether a figure can be known at all: unknown is not zero. #}

{# A figure, or null where we have never delivered the object it is counted from. A model that uses it is given
   stg_current_exports by its unit tests. #}
{% macro if_delivered(object, figure) -%}
    case
        when exists (
            select 1 from {{ ref('stg_current_exports') }} as our_exports
            where our_exports.party_id = 'us' and our_exports.object = '{{ object }}'
        ) then {{ figure }}
    end
{%- endmacro %}
