{# The rules that propose pairs, in order of names. #}
{% macro blocking_rules() -%}
    {{ return([
        "acronym", "beginning", "decision", "domain", "label", "name", "phone", "registration", "skeleton", "word",
        "word_beginning", "word_end", "word_pair", "word_skeleton",
    ]) }}
{%- endmacro %}

{# A rule as a bit, so that the rules of millions of pairs are gathered as one integer. #}
{% macro rule_bit(rule) -%}
    case {{ rule }}
        {%- for name in blocking_rules() %}
        when '{{ name }}' then {{ 2 ** loop.index0 }}
        {%- endfor %}
    end
{%- endmacro %}

{# The rules behind a sum of bits, as a list in order of names. #}
{% macro rules_of_bits(bits) -%}
    list_filter(
        [
            {%- for name in blocking_rules() %}
            case when {{ bits }} & {{ 2 ** loop.index0 }} > 0 then '{{ name }}' end{{ "," if not loop.last }}
            {%- endfor %}
        ],
        lambda name: name is not null
    )
{%- endmacro %}

{# The sum of the bits of some rules. #}
{% macro rule_bits(names) -%}
    {%- set bits = namespace(sum=0) -%}
    {%- for name in names -%}
        {%- set bits.sum = bits.sum + 2 ** blocking_rules().index(name) -%}
    {%- endfor -%}
    {{ bits.sum }}
{%- endmacro %}

{# A number for a rule and a key: equal keys have equal numbers, and two others share one about never (64 bits). #}
{% macro key_number(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
