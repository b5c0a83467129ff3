-- Every distinct name, of records today and before, of exclusions, placeholders and what people named, brought to the
-- forms names are compared by.
with accounts as (

    select * from {{ ref('stg_accounts') }}

),

exclusions as (

    select * from {{ ref('stg_exclusions') }}

),

placeholders as (

    select * from {{ ref('placeholders') }}
    where field = 'name'

),

named_records as (

    select * from {{ ref('stg_named_records') }}

),

earlier_accounts as (

    select * from {{ ref('stg_earlier_accounts') }}

),

legal_forms as (

    select * from {{ ref('legal_forms') }}

),

name_abbreviations as (

    select * from {{ ref('name_abbreviations') }}

),

generic_translations as (

    select * from {{ ref('generic_translations') }}

),

generic_words as (

    select * from {{ ref('generic_words') }}

),

word_facts as (

    select
        case position
            when 'either' then 'leading_legal_form'
            when 'anywhere' then 'inner_legal_form'
            else 'legal_form'
        end as kind,
        form,
        compare_form as value,
        generic_form as class
    from legal_forms
    union all
    select
        'spelling' as kind,
        word as form,
        canonical_word as value,
        cast(null as varchar) as class
    from name_abbreviations
    union all
    select
        'spelling' as kind,
        word as form,
        canonical_word as value,
        cast(null as varchar) as class
    from generic_translations
    -- a company's own spelling comes before a translation
    where word not in (select name_abbreviations.word from name_abbreviations)
    union all
    select
        case kind when 'annotation' then 'annotation' else 'generic_word' end as kind,
        word as form,
        cast(null as varchar) as value,
        cast(null as varchar) as class
    from generic_words

),

-- The seeds travel to the function as one list, once per batch of names.
name_rules as (

    select
        list(
            { 'kind': kind, 'form': form, 'value': value, 'class': class }
            order by kind, form
        ) as rules
    from word_facts

),

distinct_names as (

    select name
    from accounts
    where name is not null
    union
    select account_name as name
    from exclusions
    where account_name is not null
    union
    select value as name
    from placeholders
    union
    select name
    from named_records
    where name is not null
    union
    select name
    from earlier_accounts
    where name is not null

),

numbered_names as (

    select
        name,
        row_number() over (order by name) // {{ var('names_per_batch') }} as batch_number
    from distinct_names

),

name_batches as (

    select
        batch_number,
        list(name order by name) as names
    from numbered_names
    group by batch_number

),

named_forms as (

    select unnest(name_forms(name_batches.names, name_rules.rules)) as form
    from name_batches
    cross join name_rules

),

final as (

    select
        form.name,
        form.normalized_name,
        form.core_name,
        form.legal_form,
        form.legal_class,
        form.other_core_names,
        form.has_mixed_scripts
    from named_forms

)

select * from final
