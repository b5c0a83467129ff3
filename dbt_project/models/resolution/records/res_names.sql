-- Distinct names as lists of words with their worth, and how many records of each go by them.
with account_names as (

    select * from {{ ref('res_account_names') }}

),

name_words as (

    select * from {{ ref('res_name_words') }}

),

name_counts as (

    select
        core_name,
        count(*) as record_count
    from account_names
    group by core_name

),

numbered_names as (

    select
        core_name,
        record_count,
        cast(row_number() over (order by core_name) as integer) as core_number
    from name_counts

),

name_batches as (

    select
        core_number // {{ var('names_per_batch') }} as batch_number,
        list(core_name order by core_number) as core_names
    from numbered_names
    group by core_number // {{ var('names_per_batch') }}

),

-- The words travel to the function as one list, once per batch of names.
vocabulary as (

    select
        list(
            { 'word': word, 'millibits': distinctiveness_millibits, 'kind': kind_code }
            order by word
        ) as words
    from name_words

),

looked_up as (

    select unnest(name_words(name_batches.core_names, vocabulary.words)) as name
    from name_batches
    cross join vocabulary

),

final as (

    select
        looked_up.name.core_name,
        looked_up.name.words,
        looked_up.name.word_millibits,
        looked_up.name.word_kinds,
        looked_up.name.word_ranks,
        numbered_names.core_number,
        numbered_names.record_count,
        cast(list_sum(looked_up.name.word_millibits) as integer) as distinctiveness_millibits,
        replace(looked_up.name.core_name, ' ', '') as glued_name,
        list_contains(looked_up.name.word_kinds, 0) as has_distinctive_word,
        name_skeleton(looked_up.name.core_name) as skeleton,
        name_initials(looked_up.name.core_name) as initials
    from looked_up
    inner join numbered_names
        on looked_up.name.core_name = numbered_names.core_name

)

select * from final
