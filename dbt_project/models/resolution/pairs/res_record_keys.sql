-- Every key of every record, as text and as a number. Never stored: millions of them belong to one record alone, or to
-- far too many; and where nobody asks for the texts, they are not made.
{{ config(materialized='ephemeral') }}

with records as (

    select * from {{ ref('res_account_records') }}

),

earlier_records as (

    select * from {{ ref('res_earlier_records') }}
    where is_same_company and domain is not null

),

account_names as (

    select * from {{ ref('res_account_names') }}

),

name_list as (

    select * from {{ ref('res_names') }}

),

name_words as (

    select * from {{ ref('res_name_words') }}

),

registrations as (

    {% for scheme in registration_schemes() -%}
    select
        record_number,
        'registration' as rule,
        '{{ scheme.scheme }}:' || {{ scheme.column }} as blocking_key
    from records
    where {{ scheme.column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

earlier_domains as (

    select distinct
        earlier_records.record_number,
        earlier_records.domain
    from earlier_records
    inner join records
        on
            earlier_records.record_number = records.record_number
            and earlier_records.domain is distinct from records.domain

),

acronyms as (

    select distinct
        records.record_number,
        unnest(
            [
                case when records.legal_form <> '' then name_list.letters || left(records.legal_form, 1) end,
                case when length(name_list.letters) = 2 and contains(records.name, '&') then name_list.letters end
            ]
        ) as acronym
    from records
    inner join account_names
        on records.record_number = account_names.record_number
    inner join name_list
        on account_names.core_number = name_list.core_number
    where length(name_list.letters) between 2 and 6

),

record_keys as (

    select
        record_number,
        rule,
        false as is_part,
        blocking_key
    from registrations
    union all
    select
        record_number,
        'domain' as rule,
        false as is_part,
        domain as blocking_key
    from records
    where domain is not null
    union all
    select
        record_number,
        'domain' as rule,
        false as is_part,
        domain as blocking_key
    from earlier_domains
    union all
    select
        record_number,
        'phone' as rule,
        false as is_part,
        phone as blocking_key
    from records
    where phone is not null
    union all
    select
        record_number,
        'label' as rule,
        false as is_part,
        replace(domain_label, '-', '') as blocking_key
    from records
    where domain_label is not null
    union all
    -- an acronym that counts the legal form (British Broadcasting Corporation), or of two words with & between (J&J)
    select
        record_number,
        'acronym' as rule,
        true as is_part,
        acronym as blocking_key
    from acronyms
    union all
    select
        record_number,
        'acronym' as rule,
        false as is_part,
        core_name as blocking_key
    from records
    where length(core_name) = 2 and contains(name, '&')

),

-- What a word proposes is worked out once for each word, not for each name that has it.
words as (

    select
        word_number,
        word,
        skeleton,
        length(word) as word_length,
        -- a word of one name alone proposes nothing that the whole name does not
        name_count > 1 as is_shared,
        name_count > {{ var('weak_key_record_limit') }} as is_crowded,
        {{ key_number("'label'", 'word') }} as label_number,
        {{ key_number("'word_beginning'", 'left(word, 5)') }} as beginning_number,
        {{ key_number("'word_end'", 'right(word, 5)') }} as end_number,
        {{ key_number("'word_skeleton'", 'skeleton') }} as skeleton_number
    from name_words

),

ranked_words as (

    select
        core_number,
        unnest(word_numbers) as word_number,
        unnest(word_ranks) as distinctiveness_rank,
        generate_subscripts(word_numbers, 1) as word_position,
        len(word_numbers) as word_count
    from name_list

),

leading_words as (

    select
        words.*,
        ranked_words.core_number,
        ranked_words.word_count,
        ranked_words.word_position,
        ranked_words.distinctiveness_rank
    from ranked_words
    inner join words
        on ranked_words.word_number = words.word_number
    where ranked_words.distinctiveness_rank <= {{ var('blocking_words_per_name') }}

),

-- Two names of the same initials or with a word in common are no pair for that: one must be the acronym, or the word.
name_keys as (

    select
        core_number,
        'name' as rule,
        false as is_part,
        glued_name as blocking_key,
        {{ key_number("'name'", 'glued_name') }} as key_number
    from name_list
    union all
    select
        core_number,
        'skeleton' as rule,
        false as is_part,
        skeleton as blocking_key,
        {{ key_number("'skeleton'", 'skeleton') }} as key_number
    from name_list
    where length(skeleton) >= 3
    union all
    select
        core_number,
        'beginning' as rule,
        false as is_part,
        left(glued_name, {{ var('blocking_beginning_length') }}) as blocking_key,
        {{ key_number("'beginning'", 'left(glued_name, ' ~ var('blocking_beginning_length') ~ ')') }} as key_number
    from name_list
    where length(glued_name) >= {{ var('blocking_beginning_length') }}
    union all
    select
        core_number,
        'word' as rule,
        false as is_part,
        word as blocking_key,
        {{ key_number("'word'", 'word_number') }} as key_number
    from leading_words
    where word_length > 1 and is_shared
    union all
    select
        one.core_number,
        'word_pair' as rule,
        false as is_part,
        least(one.word, other.word) || ' ' || greatest(one.word, other.word) as blocking_key,
        {{ key_number(
            "'word_pair'",
            'least(one.word_number, other.word_number)',
            'greatest(one.word_number, other.word_number)'
        ) }} as key_number
    from leading_words as one
    inner join leading_words as other
        on
            one.core_number = other.core_number
            and one.word_position < other.word_position
    where one.is_shared and other.is_shared
    union all
    select
        core_number,
        'word_beginning' as rule,
        false as is_part,
        left(word, 5) as blocking_key,
        beginning_number as key_number
    from leading_words
    where distinctiveness_rank = 1 and word_length >= 6
    union all
    select
        core_number,
        'word_end' as rule,
        false as is_part,
        right(word, 5) as blocking_key,
        end_number as key_number
    from leading_words
    where distinctiveness_rank = 1 and word_length >= 6
    union all
    select
        core_number,
        'word_skeleton' as rule,
        false as is_part,
        skeleton as blocking_key,
        skeleton_number as key_number
    from leading_words
    where distinctiveness_rank <= 2 and length(skeleton) >= 3 and word_length >= 5
    union all
    select
        core_number,
        'acronym' as rule,
        true as is_part,
        unnest(initials) as blocking_key,
        {{ key_number("'acronym'", 'unnest(initials)') }} as key_number
    from name_list
    union all
    select
        core_number,
        'acronym' as rule,
        false as is_part,
        core_name as blocking_key,
        {{ key_number("'acronym'", 'core_name') }} as key_number
    from name_list
    where len(word_numbers) = 1 and length(core_name) between 3 and 7
    union all
    select
        core_number,
        'label' as rule,
        false as is_part,
        glued_name as blocking_key,
        {{ key_number("'label'", 'glued_name') }} as key_number
    from name_list
    union all
    -- a short brand inside a long legal name: Stihl, Andreas Stihl AG & Co. KG
    select
        core_number,
        'label' as rule,
        true as is_part,
        word as blocking_key,
        label_number as key_number
    from leading_words
    where word_count > 1 and word_length >= 4 and not is_crowded

),

keys as (

    select
        account_names.record_number,
        name_keys.rule,
        name_keys.is_part,
        name_keys.blocking_key,
        name_keys.key_number
    from name_keys
    inner join account_names
        on name_keys.core_number = account_names.core_number
    union all
    select
        record_number,
        rule,
        is_part,
        blocking_key,
        {{ key_number('rule', 'blocking_key') }} as key_number
    from record_keys
    where blocking_key is not null

),

final as (

    select
        record_number,
        cast(rule as {{ enum_of('rule') }}) as rule,
        is_part,
        blocking_key,
        key_number
    from keys

)

select * from final
