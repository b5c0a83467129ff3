-- Every key of every record, as text. Never stored: millions of them belong to one record alone, or to far too many.
{{ config(materialized='ephemeral') }}

with records as (

    select * from {{ ref('res_account_records') }}

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

domains as (

    select
        record_number,
        'domain' as rule,
        domain as blocking_key
    from records
    where domain is not null

),

phones as (

    select
        record_number,
        'phone' as rule,
        phone as blocking_key
    from records
    where phone is not null

),

ranked_words as (

    select
        core_number,
        unnest(words) as word,
        unnest(word_ranks) as distinctiveness_rank,
        generate_subscripts(words, 1) as word_position
    from name_list

),

leading_words as (

    select
        ranked_words.core_number,
        ranked_words.word,
        ranked_words.word_position,
        ranked_words.distinctiveness_rank,
        name_words.skeleton,
        -- a word of one name alone proposes nothing that the whole name does not
        name_words.name_count > 1 as is_shared,
        name_words.name_count > {{ var('weak_key_record_limit') }} as is_crowded
    from ranked_words
    inner join name_words
        on ranked_words.word = name_words.word
    where ranked_words.distinctiveness_rank <= {{ var('blocking_words_per_name') }}

),

name_keys as (

    select
        core_number,
        'name' as rule,
        glued_name as blocking_key
    from name_list
    union all
    select
        core_number,
        'skeleton' as rule,
        skeleton as blocking_key
    from name_list
    where length(skeleton) >= 3
    union all
    select
        core_number,
        'beginning' as rule,
        left(glued_name, {{ var('blocking_beginning_length') }}) as blocking_key
    from name_list
    where length(glued_name) >= {{ var('blocking_beginning_length') }}
    union all
    select
        core_number,
        'word' as rule,
        word as blocking_key
    from leading_words
    where length(word) > 1 and is_shared
    union all
    select
        one.core_number,
        'word_pair' as rule,
        least(one.word, other.word) || ' ' || greatest(one.word, other.word) as blocking_key
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
        left(word, 5) as blocking_key
    from leading_words
    where distinctiveness_rank = 1 and length(word) >= 6
    union all
    select
        core_number,
        'word_end' as rule,
        right(word, 5) as blocking_key
    from leading_words
    where distinctiveness_rank = 1 and length(word) >= 6
    union all
    select
        core_number,
        'word_skeleton' as rule,
        skeleton as blocking_key
    from leading_words
    where distinctiveness_rank <= 2 and length(skeleton) >= 3 and length(word) >= 5
    union all
    select
        core_number,
        'initials' as rule,
        unnest(initials) as blocking_key
    from name_list
    union all
    select
        core_number,
        'acronym' as rule,
        core_name as blocking_key
    from name_list
    where len(words) = 1 and length(core_name) between 3 and 7
    union all
    select
        core_number,
        'label' as rule,
        glued_name as blocking_key
    from name_list
    union all
    -- a short brand inside a long legal name: Stihl, Andreas Stihl AG & Co. KG
    select
        leading_words.core_number,
        'own_word' as rule,
        leading_words.word as blocking_key
    from leading_words
    inner join name_list
        on leading_words.core_number = name_list.core_number
    where len(name_list.words) > 1 and length(leading_words.word) >= 4 and not leading_words.is_crowded

),

record_name_keys as (

    select
        account_names.record_number,
        name_keys.rule,
        name_keys.blocking_key
    from name_keys
    inner join account_names
        on name_keys.core_number = account_names.core_number

),

domain_labels as (

    select
        record_number,
        'label' as rule,
        replace(domain_label, '-', '') as blocking_key
    from records
    where domain_label is not null

),

keys as (

    select * from registrations
    union all
    select * from domains
    union all
    select * from phones
    union all
    select * from record_name_keys
    union all
    select * from domain_labels

),

-- Two names of the same initials or a word in common are no pair for that: one must be the acronym, or be the word.
ruled as (

    select
        record_number,
        blocking_key,
        case rule when 'initials' then 'acronym' when 'own_word' then 'label' else rule end as rule,
        rule in ('initials', 'own_word') as is_part
    from keys

),

-- Texts are slow to group, so keys go by number.
final as (

    select
        *,
        {{ key_number(['rule', 'blocking_key']) }} as key_number
    from ruled

)

select * from final
