{# First day of the quarter of the run's month, as a date. #}
{% macro quarter_start() -%}
    cast(date_trunc('quarter', {{ as_of_month() }}) as date)
{%- endmacro %}

{# Share of that quarter's days that have gone by, the run's day included. #}
{% macro elapsed_rate() -%}
    {{ rate(
        as_of_date() ~ ' - ' ~ quarter_start() ~ ' + 1',
        'cast(' ~ quarter_start() ~ " + interval '3 months' as date) - " ~ quarter_start()
    ) }}
{%- endmacro %}

{# Whether a day lies in the twelve months that end on the run's day. #}
{% macro is_in_trailing_year(day) -%}
    {{ day }} > {{ as_of_date() }} - interval '12 months' and {{ day }} <= {{ as_of_date() }}
{%- endmacro %}
