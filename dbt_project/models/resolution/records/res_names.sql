-- Distinct names as lists of words with their worth, and how many records of each go by them.
with account_names as (

    select * from {{ ref('res_account_names') }}

),

vocabulary as (

    select * from {{ ref('res_name_words') }}

),

-- One list for all names: few words, and most names have none of them.
entity_words as (

    select list(word order by word) as words
    from {{ ref('entity_words') }}

),

names as (

    select distinct
        core_number,
        core_name,
        core_number // {{ var('names_per_batch') }} as batch_number
    from account_names

),

words_of_batches as (

    select distinct
        batch_number,
        unnest(string_split(core_name, ' ')) as word
    from names

),

name_batches as (

    select
        batch_number,
        list(core_number order by core_number) as core_numbers,
        list(core_name order by core_number) as core_names
    from names
    group by batch_number

),

-- With each batch of names the words that occur in it: the whole vocabulary would travel once per batch.
word_batches as (

    select
        words_of_batches.batch_number,
        list(
            {
                'word': vocabulary.word,
                'number': vocabulary.word_number,
                'millibits': vocabulary.distinctiveness_millibits,
                'kind': vocabulary.kind_code,
                'is_country_word': vocabulary.is_country_word
            }
            order by vocabulary.word
        ) as words
    from words_of_batches
    inner join vocabulary
        on words_of_batches.word = vocabulary.word
    group by words_of_batches.batch_number

),

looked_up as (

    select
        unnest(name_batches.core_numbers) as core_number,
        unnest(name_words(name_batches.core_names, word_batches.words)) as name
    from name_batches
    inner join word_batches
        on name_batches.batch_number = word_batches.batch_number

),

final as (

    select
        looked_up.core_number,
        names.core_name,
        looked_up.name.word_numbers,
        looked_up.name.word_codes,
        looked_up.name.word_ranks,
        looked_up.name.distinctiveness_millibits,
        looked_up.name.has_distinctive_word,
        looked_up.name.has_country_word,
        looked_up.name.has_place_word,
        looked_up.name.skeleton,
        looked_up.name.initials,
        replace(names.core_name, ' ', '') as glued_name,
        regexp_replace(names.core_name, '([^ ])[^ ]* ?', '\1', 'g') as letters,
        -- Bank of Chile, Banco de Chile: a country's own, no region of a house
        looked_up.name.has_country_word
        and regexp_matches(names.core_name, ' (of|de|del|di|do|da|van|von) [^ ]+$') as is_of_a_country,
        list_has_any(string_split(names.core_name, ' '), entity_words.words) as has_entity_word
    from looked_up
    inner join names
        on looked_up.core_number = names.core_number
    cross join entity_words

)

select * from final
