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
