-- How distinctive each word is: by the lists at hand, and by what is known of words everywhere.
with account_names as (

    select * from {{ ref('res_account_names') }}

),

generic_words as (

    select * from {{ ref('generic_words') }}

),

country_words as (

    select distinct word
    from {{ ref('res_country_words') }}

),

distinct_names as (

    select distinct
        core_number,
        core_name
    from account_names

),

name_total as (

    select count(*) as name_count
    from distinct_names

),

words_of_names as (

    select
        core_number,
        unnest(string_split(core_name, ' ')) as word
    from distinct_names

),

word_counts as (

    select
        word,
        count(distinct core_number) as name_count
    from words_of_names
    group by word

),

-- A ten-line list cannot tell that "group" is common. So every list is read as if it stood beside a background of
-- names in which generic words have their known share and any other word a very small one.
expected_counts as (

    select
        word_counts.word,
        word_counts.name_count,
        generic_words.kind as generic_kind,
        country_words.word is not null as is_country_word,
        coalesce(generic_words.names_per_10k / 10000.0, {{ var('unknown_word_share') }}) as known_share,
        name_total.name_count as list_name_count
    from word_counts
    cross join name_total
    left join generic_words
        on word_counts.word = generic_words.word
    left join country_words
        on word_counts.word = country_words.word

),

weighed as (

    select
        word,
        name_count,
        is_country_word,
        case
            when regexp_full_match(word, '[0-9]+(st|nd|rd|th)?') then 'numeral'
            -- as distinctive as any other, and known to be a place
            when generic_kind is null and is_country_word then 'country'
            else coalesce(nullif(generic_kind, 'annotation'), 'distinctive')
        end as kind,
        cast(
            round(
                1000 * log2(
                    (list_name_count + {{ var('background_name_count') }})
                    / (name_count + {{ var('background_name_count') }} * known_share)
                )
            ) as integer
        ) as distinctiveness_millibits
    from expected_counts

),

coded as (

    select
        *,
        case kind
            when 'distinctive' then 0
            when 'structure' then 1
            when 'activity' then 2
            when 'place' then 3
            when 'common' then 4
            when 'fund' then 5
            when 'function' then 6
            when 'domain_ending' then 7
            when 'numeral' then 8
            when 'country' then 9
        end as kind_code
    from weighed

),

final as (

    select
        coded.word,
        cast(row_number() over (order by coded.word) as integer) as word_number,
        coded.name_count,
        coded.kind,
        coded.distinctiveness_millibits,
        coded.kind_code,
        coded.is_country_word,
        name_skeleton(coded.word) as skeleton
    from coded

)

select * from final
