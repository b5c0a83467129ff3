{# The company's fiscal calendar, seeds/company/fiscal_calendar.csv: `fiscal_year_start_month` and `fiscal_year_named_by`.
   A var, as unit tests set it, else what every run puts into the environment, else, for who works with dbt by hand, the
   seed as it was last loaded; without a row the calendar year. #}
{% macro fiscal_setting(name, usual) -%}
    {%- set given = var(name, none) or env_var("ACCOUNT_MAPPING_" ~ name | upper, "") -%}
    {%- set is_asked = execute and not given -%}
    {%- if is_asked and adapter.get_relation(database=target.database, schema="seeds", identifier="fiscal_calendar") -%}
        {%- set given = (run_query("select max(" ~ name ~ ") from seeds.fiscal_calendar").columns[0].values() | first) -%}
    {%- endif -%}
    {{ return(given or usual) }}
{%- endmacro %}

{# How many months after January the fiscal year begins. #}
{% macro months_into_year() -%}
    {{ return(fiscal_setting("fiscal_year_start_month", 1) | int - 1) }}
{%- endmacro %}

{# The month of the calendar year that takes the place of a day's month in the fiscal one: its first for the first. #}
{% macro shifted(day) -%}
    {{ day }}{% if months_into_year() %} - interval '{{ months_into_year() }} months'{% endif %}
{%- endmacro %}

{# First day of the fiscal quarter that a day lies in, as a date. #}
{% macro quarter_of(day) -%}
    cast(date_trunc('quarter', {{ shifted(day) }})
    {%- if months_into_year() %} + interval '{{ months_into_year() }} months'{% endif %} as date)
{%- endmacro %}

{# The fiscal year that a day lies in, named by the calendar year in which it begins or ends. #}
{% macro fiscal_year_of(day) -%}
    cast(extract(year from {{ shifted(day) }}) as integer)
    {%- if months_into_year() and fiscal_setting("fiscal_year_named_by", "end") == "end" %} + 1{% endif %}
{%- endmacro %}

{# What people call the fiscal quarter that a day lies in: FY2027-Q3. #}
{% macro quarter_label(day) -%}
    concat('FY', {{ fiscal_year_of(day) }}, '-Q', extract(quarter from {{ shifted(day) }}))
{%- endmacro %}

{# First day of the quarter that is called so, as a date; null where nothing is. #}
{% macro quarter_called(label) -%}
    cast(
        try_cast(substr({{ label }}, 3, 4) || '-01-01' as date)
        + to_months(
            3 * cast(right({{ label }}, 1) as integer) - 3 + {{ months_into_year() }}
            {%- if months_into_year() and fiscal_setting("fiscal_year_named_by", "end") == "end" %} - 12{% endif %}
        ) as date
    )
{%- endmacro %}

{# First day of the fiscal quarter of the run's month, as a date. #}
{% macro quarter_start() -%}
    {{ quarter_of(as_of_month()) }}
{%- endmacro %}

{# The day that was as far into the quarter before as the run's day is into its own: three months earlier, and the last
   of its month where the run's is. #}
{% macro same_day_of_quarter_before() -%}
    case
        when {{ as_of_date() }} = last_day({{ as_of_date() }})
            then last_day({{ as_of_date() }} - interval '3 months')
        else cast({{ as_of_date() }} - interval '3 months' as date)
    end
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
