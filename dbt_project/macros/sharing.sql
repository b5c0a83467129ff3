{# What a partner may be given, and how the outbound tables are kept from giving anything else. #}

{# Levels of sharing as numbers, the strictest lowest. #}
{% macro level_number(level) -%}
    case {{ level }} when 'hidden' then 0 when 'counts' then 1 when 'overlapping' then 2 when 'all' then 3 end
{%- endmacro %}

{# And back. #}
{% macro level_word(number) -%}
    case {{ number }} when 0 then 'hidden' when 1 then 'counts' when 2 then 'overlapping' when 3 then 'all' end
{%- endmacro %}

{# Whether a row of a seed holds on the day that counts as today. #}
{% macro is_in_force(since, until) -%}
    {{ since }} <= {{ as_of_date() }} and coalesce({{ until }} >= {{ as_of_date() }}, true)
{%- endmacro %}

{# The columns of an outbound table, from its YAML: each says in its meta what makes it fit to leave. One that does not
   cannot be compiled. `given` is the receiver's own, or says which of its rows this is; `field` is a field of
   seeds/reference/sharing_fields.csv, and the column is null where that is not granted; `count` counts accounts, and is
   suppressed and rounded. #}
{% macro outbound_columns(shares) -%}
    {%- for column in model.columns.values() -%}
    {%- set leaves_as = column.meta.leaves_as -%}
    {%- if leaves_as == 'given' -%}
    {{ column.name }}
    {%- elif leaves_as == 'field' -%}
    case when list_contains({{ shares }}, '{{ column.meta.field or column.name }}') then {{ column.name }} end as {{ column.name }}
    {%- elif leaves_as == 'count' -%}
    {{ shown_count(column.name) }} as {{ column.name }}
    {%- else -%}
    {{ exceptions.raise_compiler_error(
        "Nobody has said whether " ~ model.name ~ "." ~ column.name ~ " may leave the house: give it meta.leaves_as in its "
        ~ "YAML (given, field or count)."
    ) }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# A count that names nobody: null below the least (var least_shared_count), else rounded down to a multiple of it, so
   that two counts, of two cells or of two months, never differ by fewer accounts than that. #}
{% macro shown_count(accounts) -%}
    nullif({{ accounts }} - {{ accounts }} % {{ var('least_shared_count') }}, 0)
{%- endmacro %}
