{# Averages and quotients in whole numbers, rounded half up: a division through floating point rounds 1.005 down. The
   numerators and denominators are counts, days or money, so to the cent they are exact; none is negative. #}

{# numerator / denominator with so many decimals, as decimal(38, decimals); null when there is nothing to divide by. #}
{% macro quotient(numerator, denominator, decimals) -%}
    {%- set denominator_cents = 'cast(cast(' ~ denominator ~ ' as decimal(38, 2)) * 100 as hugeint)' -%}
    case
        when {{ denominator }} > 0
            then cast(
                cast(
                    (
                        cast(cast({{ numerator }} as decimal(38, 2)) * 100 as hugeint) * {{ 2 * 10 ** decimals }}
                        + {{ denominator_cents }}
                    ) // ({{ denominator_cents }} * 2) as decimal(30, 0)
                ) * {{ '0.' ~ '0' * (decimals - 1) ~ '1' }}
                as decimal(38, {{ decimals }})
            )
    end
{%- endmacro %}

{# The average of a column over the rows that have it and meet the condition: money in cents, days with two decimals. #}
{% macro average(column, condition='true') -%}
    {{ quotient(
        'sum(' ~ column ~ ') filter (where ' ~ condition ~ ')', 'count(' ~ column ~ ') filter (where ' ~ condition ~ ')', 2
    ) }}
{%- endmacro %}
