-- The words of every country's names: words that, in a company's name, may only say where it is.
with countries as (

    select * from {{ ref('countries') }}

),

places as (

    select word from {{ ref('generic_words') }}
    where kind = 'place'

),

country_names as (

    select
        country_code,
        name as country_name
    from countries
    union
    select
        country_code,
        alias as country_name
    from countries
    where alias is not null

),

listed_words as (

    select
        upper(country_code) as country_code,
        unnest(string_split(folded_text(country_name), ' ')) as word
    from country_names

),

final as (

    select distinct
        country_code,
        word
    from listed_words
    -- of a few letters only those that are known to be places: uk, usa
    where length(word) > 3 or word in (select places.word from places)

)

select * from final
