{# A share between 0 and 1 with six decimals, as a decimal so that every run gives the same digits; null when there is
   nothing to divide by. #}
{% macro rate(numerator, denominator) -%}
    case
        when {{ denominator }} > 0
            then cast(
                round(cast({{ numerator }} as decimal(18, 6)) / cast({{ denominator }} as decimal(18, 6)), 6)
                as decimal(9, 6)
            )
    end
{%- endmacro %}

{# Whether one is among the fewest that together make the var concentration_rate of a total, given the sum over it and all
   that come before it: the one that lifts the sum over the mark is the last of them. #}
{% macro is_among_fewest(amount, cumulative, total) -%}
    {{ amount }} > 0 and {{ cumulative }} - {{ amount }} < {{ var('concentration_rate') }} * {{ total }}
{%- endmacro %}
