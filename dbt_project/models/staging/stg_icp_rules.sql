with definitions as (

    select * from {{ ref('icp_definitions') }}

),

attributes as (

    select * from {{ ref('icp_attributes') }}

),

fields as (

    select * from {{ ref('icp_fields') }}

),

partners as (

    select * from {{ ref('stg_partners') }}

),

-- Where a field has a vocabulary, a word outside of it would never be met: a typing error, not a wish.
vocabularies as (

    select
        'industry' as field,
        industry as word
    from {{ ref('industries') }}
    union all
    select distinct
        'country_code' as field,
        country_code as word
    from {{ ref('countries') }}
    union all
    select
        'seniority' as field,
        seniority as word
    from {{ ref('seniorities') }}
    union all
    select distinct
        'function' as field,
        value as word
    from {{ ref('value_mappings') }}
    where field = 'function' and value is not null

),

vocabulary_words as (

    select
        field,
        list(lower(word)) as known_words
    from vocabularies
    group by field

),

typed as (

    select
        {{ text_value('party_id') }} as party_id,
        lower({{ text_value('attribute') }}) as attribute,
        lower({{ text_value('field') }}) as field,
        lower({{ text_value('operator') }}) as operator,
        {{ text_value('value') }} as rule_value,
        weight,
        valid_from,
        valid_until,
        {{ text_value('owner') }} as owner,
        {{ text_value('note') }} as note
    from definitions

),

read_rules as (

    select
        typed.*,
        fields.field_number,
        fields.attribute as attribute_of_field,
        fields.value_kind,
        {{ text_value('fields.delivered_column') }} as delivered_column,
        case when fields.value_kind = 'text' then {{ listed_words('typed.rule_value') }} end as words,
        try_cast(
            case typed.operator
                when 'between' then split_part(typed.rule_value, '..', 1)
                when 'at_least' then typed.rule_value
            end as decimal(38, 2)
        ) as lowest_value,
        try_cast(
            case typed.operator
                when 'between' then split_part(typed.rule_value, '..', 2)
                when 'at_most' then typed.rule_value
            end as decimal(38, 2)
        ) as highest_value,
        count(*) over (partition by typed.party_id, typed.field, typed.valid_from) as rule_count,
        -- the latest that has begun, unless it has ended
        coalesce(typed.valid_from <= {{ as_of_date() }}, true) as has_begun,
        coalesce(typed.valid_until < {{ as_of_date() }}, false) as has_ended
    from typed
    left join fields on typed.field = fields.field

),

checked as (

    select
        read_rules.*,
        vocabulary_words.known_words,
        coalesce(read_rules.party_id = 'us' or partners.party_id is not null, false) as is_known_party,
        coalesce(partners.may_be_built, true) as may_be_built,
        attributes.attribute is not null as is_known_attribute
    from read_rules
    left join partners on read_rules.party_id = partners.party_id
    left join attributes on read_rules.attribute = attributes.attribute
    left join vocabulary_words on read_rules.field = vocabulary_words.field

),

with_unknown_words as (

    select
        *,
        has_begun
        and not has_ended
        and row_number() over (
            partition by party_id, field, has_begun order by valid_from desc nulls last
        ) = 1 as is_in_force,
        list_filter(words, lambda word: not list_contains(known_words, lower(word))) as unknown_words
    from checked

),

-- Without an NDA nothing is built for a partner, whatever we know of it.
final as (

    select
        party_id,
        attribute,
        field,
        field_number,
        value_kind,
        operator,
        rule_value,
        words,
        lowest_value,
        highest_value,
        weight,
        valid_from,
        valid_until,
        owner,
        note,
        delivered_column,
        is_in_force,
        case
            when not is_known_party
                then 'party_id is neither us nor a partner of partners.csv: correct it'
            when not is_known_attribute
                then 'attribute is not in icp_attributes.csv: correct it, or add a row there'
            when value_kind is null
                then 'field is not in icp_fields.csv: correct it, or add a row there'
            when attribute <> attribute_of_field
                then concat('field is of attribute ', attribute_of_field, ': correct one of the two')
            when coalesce(operator not in ('in', 'between', 'at_least', 'at_most'), true)
                then 'operator is not known: write in for words; between, at_least or at_most for numbers'
            when rule_value is null
                then 'value is empty: write it, or take the row out'
            when value_kind = 'text' and operator <> 'in'
                then 'the field holds words: write the operator in, and the words separated by semicolons'
            when value_kind = 'number' and operator = 'in'
                then 'the field holds numbers: write between, at_least or at_most'
            when
                operator = 'between'
                and (lowest_value is null or highest_value is null or len(string_split(rule_value, '..')) <> 2)
                then 'value is no range: write two numbers of digits only with two dots in between, such as 51..1000'
            when value_kind = 'number' and lowest_value is null and highest_value is null
                then 'value is no number: write digits only, such as 10000000'
            when lowest_value > highest_value
                then 'the low end of between is above the high end: exchange them'
            when value_kind = 'text' and words is null
                then 'value holds no word: write words separated by semicolons'
            when len(unknown_words) > 0
                then concat(
                    array_to_string(unknown_words, ', '), ' is not in the vocabulary of the field: ',
                    'take a word that icp_fields.csv points to'
                )
            when coalesce(weight < 1, true)
                then 'weight is missing or below 1: write a whole number from 1 on'
            when rule_count > 1
                then 'the party has another rule on this field from the same day on: make one of them'
            when valid_until < valid_from
                then 'valid_until lies before valid_from: exchange them'
        end as problem
    from with_unknown_words
    where may_be_built

)

select * from final
