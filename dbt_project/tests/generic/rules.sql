{# All rules of one table, asked in one statement: a rule that is broken is a row with its name and how many rows, or
   values, break it. One test a table instead of one a rule: most of what a test costs is not its query.

   never_null: columns that have a value in every row.
   unique: columns, or lists of columns, of which no two rows have the same.
   one_of: {column, values, where}: the value is null or one of these; `where` names the rows that are asked.
   found_in: {column, to, field, where}: the value is null or stands in that field of another table.
   always: conditions that are true, and not just not known, in every row. #}
{% test rules(model, never_null=[], unique=[], one_of=[], found_in=[], always=[]) %}

{%- set rules = [] -%}
{%- for column in never_null -%}
    {%- do rules.append(("never null: " ~ column, "count(*) - count(" ~ column ~ ")")) -%}
{%- endfor -%}
{%- for key in unique -%}
    {%- if key is string -%}
        {%- do rules.append(("unique: " ~ key, "count(" ~ key ~ ") - count(distinct " ~ key ~ ")")) -%}
    {%- else -%}
        {%- set columns = key | join(", ") -%}
        {%- do rules.append(("unique: " ~ columns, "count(*) - count(distinct (" ~ columns ~ "))")) -%}
    {%- endif -%}
{%- endfor -%}
{%- for rule in one_of -%}
    {%- set where = " and " ~ rule["where"] if rule["where"] else "" -%}
    {%- set allowed = [] -%}
    {%- for value in rule["values"] -%}
        {%- do allowed.append(value if value is number else "'" ~ value ~ "'") -%}
    {%- endfor -%}
    {%- do rules.append((
        "one of: " ~ rule["column"] ~ where,
        "count(*) filter (where " ~ rule["column"] ~ " not in (" ~ allowed | join(", ") ~ ")" ~ where ~ ")"
    )) -%}
{%- endfor -%}
{%- for rule in found_in -%}
    {%- set where = " and " ~ rule["where"] if rule["where"] else "" -%}
    {%- do rules.append((
        "found in " ~ rule["field"] ~ ": " ~ rule["column"] ~ where,
        "(select count(*) from rows_of_table where " ~ rule["column"] ~ " is not null and " ~ rule["column"]
        ~ " not in (select " ~ rule["field"] ~ " from " ~ rule["to"] ~ " where " ~ rule["field"] ~ " is not null)"
        ~ where ~ ")"
    )) -%}
{%- endfor -%}
{%- for condition in always -%}
    {%- do rules.append(("always: " ~ condition, "count(*) filter (where not coalesce(" ~ condition ~ ", false))")) -%}
{%- endfor %}

with rows_of_table as (

    select * from {{ model }}

),

counted as (

    select
        {% for _, count in rules -%}
        {{ count }} as rule_{{ loop.index }},
        {% endfor -%}
        count(*) as row_count
    from rows_of_table

),

broken as (

    {% for name, _ in rules -%}
    select
        '{{ name | replace("'", "''") }}' as rule,
        rule_{{ loop.index }} as row_count
    from counted
    union all
    {% endfor -%}
    select
        'no rule' as rule,
        0 as row_count
    from counted

)

select *
from broken
where row_count <> 0

{% endtest %}
