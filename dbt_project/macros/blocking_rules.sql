{# The rules that propose pairs, a new one at the end; the keys of each are a CTE of res_record_keys, but for decision, which
   stands for what a person has judged, and exchange, for what was one company before a record became another one.

   is_strong: a key may be shared by as many records as strong_key_record_limit says, else by weak_key_record_limit.
   is_sufficient: a pair is compared however little the names look alike. #}
{% macro blocking_rules() -%}
    {{ return({
        "acronym": {"is_strong": false, "is_sufficient": true},
        "beginning": {"is_strong": false, "is_sufficient": false},
        "decision": {"is_strong": false, "is_sufficient": true},
        "domain": {"is_strong": true, "is_sufficient": true},
        "label": {"is_strong": false, "is_sufficient": true},
        "name": {"is_strong": true, "is_sufficient": true},
        "phone": {"is_strong": false, "is_sufficient": true},
        "registration": {"is_strong": true, "is_sufficient": true},
        "skeleton": {"is_strong": false, "is_sufficient": false},
        "word": {"is_strong": false, "is_sufficient": false},
        "word_beginning": {"is_strong": false, "is_sufficient": false},
        "word_end": {"is_strong": false, "is_sufficient": false},
        "word_pair": {"is_strong": false, "is_sufficient": false},
        "word_skeleton": {"is_strong": false, "is_sufficient": false},
        "exchange": {"is_strong": false, "is_sufficient": true},
    }) }}
{%- endmacro %}

{# The rules that have a property, as a list. #}
{% macro blocking_rules_that(property) -%}
    {%- set found = [] -%}
    {%- for name, rule in blocking_rules().items() if rule[property] -%}
        {%- do found.append(name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# How many records may share a key of a rule. #}
{% macro key_record_limit(rule) -%}
    case
        when
            {{ rule }} in (
                {% for name in blocking_rules_that('is_strong') -%}
                '{{ name }}'{{ ',' if not loop.last }}
                {% endfor %}
            )
            then {{ var('strong_key_record_limit') }}
        else {{ var('weak_key_record_limit') }}
    end
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
    list_sort(list_filter(
        [
            {%- for name in blocking_rules() %}
            case when {{ bits }} & {{ 2 ** loop.index0 }} > 0 then '{{ name }}' end{{ "," if not loop.last }}
            {%- endfor %}
        ],
        lambda name: name is not null
    ))
{%- endmacro %}

{# The sum of the bits of some rules. #}
{% macro rule_bits(names) -%}
    {%- set bits = namespace(sum=0) -%}
    {%- for name in names -%}
        {%- set bits.sum = bits.sum + 2 ** (blocking_rules() | list).index(name) -%}
    {%- endfor -%}
    {{ bits.sum }}
{%- endmacro %}

{# A number for a rule and what records share under it: equal ones have equal numbers, and two others share one about never
   (64 bits). Texts are slow to group, so keys go by number. #}
{% macro key_number(rule) -%}
    hash({{ rule }}, {{ varargs | join(', ') }})
{%- endmacro %}
