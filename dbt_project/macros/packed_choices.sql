{# A record's choice as one number, the better the greater: how much speaks for it, and of equals the smaller record number.
   So the best two of a record are the two greatest numbers, without an order over all pairs. #}
{% macro packed_choice(millibits, record_number) -%}
    (cast({{ millibits }} as bigint) * 4294967296 - {{ record_number }})
{%- endmacro %}

{# What speaks for a packed choice, in 1/1000 bit. #}
{% macro packed_millibits(choice) -%}
    cast(({{ choice }} + 4294967295) >> 32 as integer)
{%- endmacro %}

{# The record of a packed choice. #}
{% macro packed_record_number(choice) -%}
    cast((({{ choice }} + 4294967295) >> 32) * 4294967296 - {{ choice }} as integer)
{%- endmacro %}
