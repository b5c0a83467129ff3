{# Persons out of what people write, for tables that everybody reads. #}

{# Words of the names of everybody whom any list has at an account; shorter ones are too common. A row per account. #}
{% macro words_of_contacts(contacts, account_records) -%}
    select
        account_records.account_key,
        list_distinct(flatten(list(regexp_extract_all(
            lower(concat_ws(' ', contacts.name, contacts.first_name, contacts.last_name)), '[\p{L}\p{M}]{3,}'
        )))) as words
    from {{ contacts }} as contacts
    inner join {{ account_records }} as account_records
        on contacts.account_record_key = account_records.record_key
    group by account_records.account_key
{%- endmacro %}

{# A text without addresses, and with … for each of some words; words are taken whole, in any case. #}
{% macro without_words(text, words) -%}
    array_to_string(
        list_transform(
            regexp_extract_all(
                regexp_replace({{ text }}, '\S*@\S*', '…', 'g'), '[\p{L}\p{M}]+|[^\p{L}\p{M}]+'
            ),
            lambda part: case when list_contains({{ words }}, lower(part)) then '…' else part end
        ),
        ''
    )
{%- endmacro %}
