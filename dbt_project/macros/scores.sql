{# A score between 0 and 100 with two decimals, half up. What was divided is first cut to nine decimals, so that a
   quotient just short of a half in binary is the half that it is on paper. #}
{% macro score(expression) -%}
    cast(round(cast({{ expression }} as decimal(18, 9)), 2) as decimal(5, 2))
{%- endmacro %}

{# The share of what counts as all that is reached: 1 for all and for more, null for what is not known (least would
   pass over a null). #}
{% macro share_reached(value, full) -%}
    case when {{ value }} >= {{ full }} then 1 else {{ value }} / {{ full }} end
{%- endmacro %}

{# The segment of our ICP that an account is of, by its fit; unknown without one. #}
{% macro icp_segment(fit_level) -%}
    case
        when {{ fit_level }} in ('strong', 'moderate') then 'icp'
        when {{ fit_level }} = 'weak' then 'non-icp'
        else 'unknown'
    end
{%- endmacro %}
