-- What every level weighs, as lists: so millions of pairs are weighed by looking up places, not by joins.
with match_weights as (

    select * from {{ ref('match_weights') }}

),

levels as (

    select
        listed.comparison,
        listed.word,
        listed.code
    from (
        values
        {% for comparison in comparisons() + leads() -%}
        {%- set is_last_comparison = loop.last -%}
        {% for word in words_of(comparison) -%}
        ('{{ comparison }}', '{{ word }}', {{ loop.index0 }}){{ ',' if not (loop.last and is_last_comparison) }}
        {% endfor -%}
        {% endfor -%}
    ) as listed (comparison, word, code)

),

weighed_levels as (

    select
        levels.comparison,
        levels.code,
        coalesce(match_weights.weight_millibits, 0) as weight_millibits
    from levels
    left join match_weights
        on
            levels.comparison = match_weights.comparison
            and levels.word = match_weights.level

),

prior as (

    select
        weight_millibits as prior_millibits,
        version as rules_version
    from match_weights
    where comparison = 'prior' and level = 'fitted'

),

final as (

    select
        prior.prior_millibits,
        prior.rules_version,
    {% for comparison in comparisons() + leads() -%}
    list(weighed_levels.weight_millibits order by weighed_levels.code)
    filter (where weighed_levels.comparison = '{{ comparison }}')
        as {{ comparison }}_millibits{{ ',' if not loop.last }}
    {% endfor %}
    from weighed_levels
    cross join prior
    group by prior.prior_millibits, prior.rules_version

)

select * from final
