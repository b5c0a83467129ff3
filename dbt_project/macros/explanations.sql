{# A pair of res_explained_pairs in sentences: what speaks for it, what against, what is left over of the names, what there is
   nothing to check by, and what the guard means. Weights stand beside them, not in them. #}
{% macro explanation_of_pair() -%}
    concat_ws(
        ' ',
        {{ sentence_of('For: ', said_for_pair()) }},
        {{ sentence_of('Against: ', said_against_pair()) }},
        {{ sentence_of('Left over: ', left_over_of_pair()) }},
        {{ sentence_of('Nothing to check by: ', not_said_of_pair()) }},
        {{ guard_in_words() }}
    )
{%- endmacro %}

{# A list of findings as one sentence; null where there is none. Findings that do not hold are null. #}
{% macro sentence_of(opening, findings) -%}
    '{{ opening }}'
    || rtrim(nullif(array_to_string(list_filter({{ findings }}, lambda found: found is not null), ', '), ''), '.')
    || '.'
{%- endmacro %}

{# A word of plain letters with a capital in front. #}
{% macro capital(word) -%}
    upper(left({{ word }}, 1)) || substr({{ word }}, 2)
{%- endmacro %}

{# Words of a name's key form as the name was delivered, capitals, accents and endings too; a word that does not stand in it
   so (an abbreviation, a name of before) has a capital in front. #}
{% macro as_delivered(words, name) -%}
    list_transform(
        {{ words }},
        lambda word: coalesce(
            list_filter(
                regexp_split_to_array({{ name }}, '[^\pL\pN]+'),
                lambda delivered: starts_with(strip_accents(lower(delivered)), word)
            )[1],
            {{ capital('word') }}
        )
    )
{%- endmacro %}

{# The compared name of a side, in the words that it was delivered in. #}
{% macro name_in_words(side) -%}
    array_to_string({{ as_delivered("string_split(" ~ side ~ "_core_name, ' ')", side ~ '_name') }}, ' ')
{%- endmacro %}

{# Comparisons that only say once more that two names are equal, where they are. #}
{% macro repeats_equal_name(comparison, spelling_level) -%}
    ({{ spelling_level }} = 'equal' and {{ comparison }} in ('rest', 'spelling', 'substring', 'first_word'))
{%- endmacro %}

{% macro said_for_pair() -%}
    [
        case when registration_level = 'same' then 'the same registration number' end,
        case
            when domain_level in ('same', 'alias') then 'the same website, ' || left_domain
            when domain_level = 'same label' then 'websites alike, ' || left_domain || ' and ' || right_domain
            when domain_label_level = 'is the name' then 'a website named as the other is'
        end,
        case
            when name_level = 'exact' then 'the same name'
            when name_level = 'spacing' then 'the same name but for blanks'
            when name_level = 'order' then 'the same words in another order'
            when name_level = 'cut short' then 'the same name with a word cut short'
            when name_level in ('misspelt', 'partly misspelt') then 'the same name but for its spelling'
            when name_level = 'acronym' then 'one is the initials of the other'
            when name_level = 'nothing shared' or shared_millibits is null then null
            when left_rest_class = 'none' then 'all of "' || {{ name_in_words('left') }} || '" stands in the other name'
            when right_rest_class = 'none' then 'all of "' || {{ name_in_words('right') }} || '" stands in the other name'
            else 'words that both names have'
        end,
        case
            when namesake_level = 'none' then 'no other company of the two lists bears this name'
        end,
        case when phone_level = 'same' then 'the same telephone number' end,
        case
            when city_level = 'same' then 'both say ' || {{ capital('left_city') }}
            when country_level = 'same' then 'both say ' || left_country_code
        end
    ]
{%- endmacro %}

{% macro said_against_pair() -%}
    [
        case when registration_level = 'conflict' then 'different registration numbers' end,
        case when name_level = 'nothing shared' then 'no word in common' end,
        case when numeral_level = 'conflict' then 'different numbers in the names' end,
        case when numeral_level = 'one_sided' then 'a number in one name only' end,
        case when country_level = 'different' then left_country_code || ' and ' || right_country_code end,
        case
            when city_level = 'different' then {{ capital('left_city') }} || ' and ' || {{ capital('right_city') }}
        end,
        case when domain_level = 'different' then left_domain || ' and ' || right_domain end,
        case when legal_form_level = 'different' then 'different legal forms' end,
        case when namesake_level = 'many' then 'many bear this name' end,
        case
            when starts_with(smaller_lead_level, 'behind') then 'another record fits better'
            when smaller_lead_level = 'tie' then 'another record fits as well'
        end
    ]
{%- endmacro %}

{% macro left_over_of_pair() -%}
    [
        '"' || nullif(array_to_string({{ as_delivered('left_rest_words', 'left_name') }}, ' '), '') || '" of ' || left_name,
        '"' || nullif(array_to_string({{ as_delivered('right_rest_words', 'right_name') }}, ' '), '') || '" of ' || right_name
    ]
{%- endmacro %}

{% macro not_said_of_pair() -%}
    [
        case when city_level = 'unknown' then 'city' end,
        case when country_level = 'unknown' then 'country' end,
        case when domain_level = 'unknown' and domain_label_level = 'unknown' then 'website' end
    ]
{%- endmacro %}

{# What a guard means, for whoever has to decide. #}
{% macro guard_in_words() -%}
    case guard
        when 'conflicting registration ids' then 'One company has one number of a register.'
        when 'contradicted identifier' then 'Anybody can write a public number or website into a row: ask.'
        when 'earlier name or domain' then 'Only what a partner''s row said before is ours: ask.'
        when 'conflicting numerals' then 'Numbers tell companies of one name apart.'
        when 'differing names' then 'Each name has a word of its own.'
        when 'mixed scripts' then 'A letter of another script looks like a Latin one: the name may pretend.'
        when 'other country' then 'One name in two countries may be two companies.'
        when 'common name' then 'Too many companies bear such a name.'
        when 'place left over' then 'It may be the company''s branch or its sister there.'
        when 'acronym alone' then 'Few letters are the initials of many names.'
        when 'entity left over' then 'A company''s pension plan, foundation or committee is an entity of its own.'
        when 'one word of a name' then 'One word of a longer name is not enough.'
        when 'numeral left over' then 'A number in one name may be another company''s.'
        when 'other names of both' then 'What stands in brackets may be a note.'
        when 'differing names in one list' then 'In one list differing names are mostly two companies.'
        when 'likelier match' then 'One of them has a likelier match in the other list.'
        when 'already matched' then 'One of them has its match in the other list.'
    end
{%- endmacro %}
