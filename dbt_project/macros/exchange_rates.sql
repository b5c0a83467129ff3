{# What is said of amounts whose month has no rate of its own (rows of stg_unmapped_values with a needed month). #}

{# A month as people write it: 2026-10. #}
{% macro month_text(month) -%}
    left(cast({{ month }} as varchar), 7)
{%- endmacro %}

{# The month, or the first and last, whose rate is needed. #}
{% macro needed_months(rates) -%}
    concat(
        {{ month_text(rates ~ '.first_needed_month') }},
        case
            when {{ rates }}.first_needed_month < {{ rates }}.last_needed_month
                then concat(' to ', {{ month_text(rates ~ '.last_needed_month') }})
        end
    )
{%- endmacro %}

{# Of what is worth what it is today, how old the rate is; of a closed deal, that the month of its close has none: that
   rate does not grow old. Without any rate there is no value. #}
{% macro rate_reason(rates) -%}
    case {{ rates }}.problem
        when 'old exchange rate'
            then concat(
                'The rate used, of ', {{ month_text(rates ~ '.rate_month') }}, ', is ',
                date_diff('month', {{ rates }}.rate_month, {{ rates }}.last_needed_month),
                case
                    when date_diff('month', {{ rates }}.rate_month, {{ rates }}.last_needed_month) = 1 then ' month old'
                    else ' months old'
                end
            )
        when 'old exchange rate of close'
            then concat(
                'There is no rate for the month of the close, ', {{ needed_months(rates) }}, '; that of ',
                {{ month_text(rates ~ '.rate_month') }}, ' is used'
            )
        else
            concat(
                'There is no rate for the month of the ',
                case when {{ rates }}.problem = 'no exchange rate of close' then 'close' else 'list' end, ', ',
                {{ needed_months(rates) }}, ', or before, so the amount has no value in US dollars'
            )
    end
{%- endmacro %}

{# What a person does about it. #}
{% macro rate_remedy(rates) -%}
    concat(
        'Add the rate of ', {{ rates }}.delivered_value, ' in ', {{ needed_months(rates) }},
        ' to seeds/reference/exchange_rates.csv, or load the file of the ECB (make rates)'
    )
{%- endmacro %}
