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

positioned_words as (
    select
        core_name,
        unnest(string_split(core_name, ' ')) as word,
        generate_subscripts(string_split(core_name, ' '), 1) as word_position
    from name_counts
),

word_lists as (
    select
        positioned_words.core_name,
        list(positioned_words.word order by positioned_words.word_position) as words,
        list(name_words.distinctiveness_millibits order by positioned_words.word_position) as word_millibits,
        list(name_words.kind_code order by positioned_words.word_position) as word_kinds,
        sum(name_words.distinctiveness_millibits) as distinctiveness_millibits
    from positioned_words
    inner join name_words
        on positioned_words.word = name_words.word
    group by positioned_words.core_name
),

described as (
    select
        word_lists.core_name,
        word_lists.words,
        word_lists.word_millibits,
        word_lists.word_kinds,
        cast(word_lists.distinctiveness_millibits as integer) as distinctiveness_millibits,
        name_counts.record_count,
        replace(word_lists.core_name, ' ', '') as glued_name,
        list_contains(word_lists.word_kinds, 0) as has_distinctive_word,
        name_skeleton(word_lists.core_name) as skeleton,
        name_initials(word_lists.core_name) as initials
    from word_lists
    inner join name_counts
        on word_lists.core_name = name_counts.core_name
)

select * from described
