{# How delivered text becomes a value: trimmed text, the form in which values are compared, amounts in US dollars.
   Unreadable text is null here; ingestion lists it as a refused value. #}

{# The delivered text without surrounding spaces; null when nothing is left. #}
{% macro text_value(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{# The form in which a delivered value meets a row of value_mappings: case, spaces, hyphens and underscores do not
   count, so that `Customer - Direct`, `customer_direct` and `CUSTOMER DIRECT` are one value. Empty when the value
   says nothing (`--`). 9 and 160 are the tab and the space that does not break. #}
{% macro mapping_key(value) -%}
    translate(lower({{ value }}), concat(' _-', chr(9), chr(160)), '')
{%- endmacro %}

{# One left join per mapped column: the alias is `mapped_<column>`, its column `value` is the word of our vocabulary. #}
{% macro join_mapped_values(records, object, columns) -%}
    {% for column in columns %}
    left join mapped_values as mapped_{{ column }}
        on
            mapped_{{ column }}.object = '{{ object }}'
            and mapped_{{ column }}.column_name = '{{ column }}'
            and mapped_{{ column }}.party_id = {{ records }}.party_id
            and mapped_{{ column }}.source_system = {{ records }}.source_system
            and mapped_{{ column }}.delivered_value = {{ records }}.{{ column }}
    {% endfor %}
{%- endmacro %}

{# The currency of one amount of `records`: its own symbol, else the currency column (by value_mappings, else as the
   ISO code it is), else the party's default. A word that is no currency is not replaced by the default: that would
   be a guess. An amount of digits and marks alone names no currency, and most are; they spare the function. #}
{% macro amount_currency(records, amount) -%}
    case
        when {{ text_value(records ~ '.' ~ amount) }} is null then null
        else
            coalesce(
                read_amount_currency(
                    case when translate({{ records }}.{{ amount }}, '0123456789., -', '') <> '' then {{ records }}.{{ amount }} end
                ),
                case
                    when mapped_currency.value is not null then mapped_currency.value
                    when not mapped_currency.is_mapped then read_currency({{ records }}.currency)
                    else {{ records }}.default_currency
                end
            )
    end
{%- endmacro %}

{# The figure itself where it is known exactly; null where only a band of it is known. #}
{% macro exact_figure(band) -%}
    case when {{ band }}.least = {{ band }}.most then {{ band }}.least end
{%- endmacro %}

{# An amount times its rate, rounded to cents; wide enough for any amount that fits decimal(18, 2). #}
{% macro amount_in_usd(amount, usd_per_unit) -%}
    try_cast(
        round(cast({{ amount }} as decimal(28, 2)) * cast({{ usd_per_unit }} as decimal(18, 8)), 2) as decimal(18, 2)
    )
{%- endmacro %}

{# Joins the rate that holds in a month; alias and the expressions for currency and month are given. #}
{% macro join_exchange_rate(alias, currency, month) -%}
    left join exchange_rates as {{ alias }}
        on
            {{ alias }}.currency = {{ currency }}
            and {{ alias }}.valid_from <= {{ month }}
            and ({{ alias }}.valid_until is null or {{ alias }}.valid_until > {{ month }})
{%- endmacro %}

{# One row per record with a flag for each of `columns` that landing refused; few rows, as few values are refused. #}
{% macro refused_columns(object, columns) -%}
    select
        party_id,
        export_month,
        source_id,
        {% for column in columns %}
        max(case when column_name = '{{ column }}' then 1 else 0 end) = 1 as is_{{ column }}_refused{{ ',' if not loop.last }}
        {% endfor %}
    from {{ source('raw', 'rejected_values') }}
    where object = '{{ object }}' and source_id is not null
    group by party_id, export_month, source_id
{%- endmacro %}

{% macro join_refused_columns(records) -%}
    left join refused_columns
        on
            {{ records }}.party_id = refused_columns.party_id
            and {{ records }}.export_month = refused_columns.export_month
            and {{ records }}.source_id = refused_columns.source_id
{%- endmacro %}

{# A delivered value, or null where landing refused it: a negative amount can be read, and is wrong all the same. #}
{% macro accepted(records, column) -%}
    case when not coalesce(refused_columns.is_{{ column }}_refused, false) then {{ records }}.{{ column }} end
{%- endmacro %}

{# The words of a text that lists several, separated by semicolons or commas; null when there is none. #}
{% macro listed_words(text) -%}
    string_split(nullif(regexp_replace(trim({{ text }}, ' ;,'), '\s*[;,][;,\s]*', ';', 'g'), ''), ';')
{%- endmacro %}

{# What nothing reads of raw records, a row per record and column: `entry` has the header and the value. `wanted` is the relation
   of what is looked for; where it is empty no record is taken apart. #}
{% macro unread_columns(records, lists, wanted) -%}
    select
        {{ records }}.decimal_mark,
        concat({{ records }}.party_id, ':', {{ records }}.source_id) as record_key,
        unnest(map_entries(cast(json({{ records }}.extra) as map (varchar, varchar)))) as entry
    from {{ records }}
    inner join {{ lists }} on {{ records }}.export_month = {{ lists }}.export_month
    where exists (select 1 from {{ wanted }})
{%- endmacro %}
