-- Fails for a delivered value that two rows of one system map, or a country alias that means two countries.
with value_mappings as (

    select
        field,
        coalesce(source_system, 'any') as source_system,
        {{ mapping_key('source_value') }} as source_key
    from {{ ref('value_mappings') }}

),

countries as (

    select
        'countries' as field,
        'any' as source_system,
        {{ mapping_key('alias') }} as source_key
    from {{ ref('countries') }}

),

keys as (

    select * from value_mappings
    union all
    select * from countries

)

select
    field,
    source_system,
    source_key,
    count(*) as row_count
from keys
group by field, source_system, source_key
having count(*) > 1
