{%- set sizes = banded_attributes() -%}
{%- set texts = golden_attributes() | reject(
    'in', sizes + ['name', 'domain', 'parent_account_key', 'our_owner']
) | list -%}
{%- set bounds = var('plausible_sizes') -%}

with accounts as (

    select * from {{ ref('stg_accounts') }}

),

clusters as (

    select * from {{ ref('res_account_clusters') }}

),

records as (

    select
        {% for text in texts %}
        accounts.{{ text }},
        {% endfor %}
        {% for size in sizes %}
        accounts.{{ size }}_least,
        accounts.{{ size }}_most,
        {% endfor %}
        clusters.account_key,
        clusters.is_witnessed,
        accounts.record_key,
        accounts.party_id
    from accounts
    inner join clusters on accounts.record_key = clusters.record_key

),

-- Several records of ours are taken at their widest.
our_accounts as (

    select
        {% for text in texts %}
        count({{ text }}) > 0 as has_{{ text }},
        {% endfor %}
        {% for size in sizes %}
        count(coalesce({{ size }}_least, {{ size }}_most)) > 0 as has_{{ size }},
        min({{ size }}_least) as {{ size }}_least,
        max({{ size }}_most) as {{ size }}_most,
        {% endfor %}
        account_key
    from records
    where party_id = 'us'
    group by account_key

),

-- What partners say of accounts of ours. The other size, by which one is judged, is ours where we know it.
offering_records as (

    select
        {% for attribute in texts + sizes %}
        our_accounts.has_{{ attribute }},
        {% endfor %}
        {% for size in sizes %}
        {% for end in ['least', 'most'] %}
        case
            when our_accounts.has_{{ size }} then our_accounts.{{ size }}_{{ end }} else records.{{ size }}_{{ end }}
        end as known_{{ size }}_{{ end }},
        {% endfor %}
        {% endfor %}
        records.*
    from records
    inner join our_accounts on records.account_key = our_accounts.account_key
    where records.party_id <> 'us'

),

unwitnessed_values as (

    {% for text in texts %}
    select
        account_key,
        record_key,
        party_id,
        '{{ text }}' as attribute,
        cast({{ text }} as varchar) as withheld_value
    from offering_records
    where not is_witnessed and not has_{{ text }} and {{ text }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

offered_sizes as (

    {% for size in sizes %}
    select
        account_key,
        record_key,
        party_id,
        is_witnessed,
        '{{ size }}' as attribute,
        case
            when {{ size }}_least = {{ size }}_most then cast({{ size }}_least as varchar)
            when {{ size }}_most is null then concat('from ', {{ size }}_least)
            when {{ size }}_least is null then concat('up to ', {{ size }}_most)
            else concat({{ size }}_least, ' to ', {{ size }}_most)
        end as withheld_value,
        -- as floating numbers, which no delivered figure is too large for
        cast({{ size }}_least as double) as size_least,
        cast({{ size }}_most as double) as size_most,
        coalesce(
            {{ size }}_least < {{ bounds[size][0] }} or {{ size }}_most > {{ bounds[size][1] }}, false
        ) as is_out_of_bounds,
        -- only where it is so for every figure of the two bands
        coalesce(
            cast(known_annual_revenue_usd_most as double)
            < cast(known_employees_least as double) * {{ bounds['revenue_per_head_usd'][0] }}
            or cast(known_annual_revenue_usd_least as double)
            > cast(known_employees_most as double) * {{ bounds['revenue_per_head_usd'][1] }},
            false
        ) as is_odd_per_head
    from offering_records
    where not has_{{ size }} and coalesce({{ size }}_least, {{ size }}_most) is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

judged_sizes as (

    select
        *,
        case
            when not is_witnessed then 'one witness'
            when is_out_of_bounds then 'out of bounds'
            when is_odd_per_head then 'odd per head'
        end as withheld_because
    from offered_sizes

),

plausible_sizes as (

    select
        account_key,
        attribute,
        party_id,
        record_key,
        coalesce(size_least, 0) as size_least,
        coalesce(size_most, cast('infinity' as double)) as size_most
    from judged_sizes
    where withheld_because is null

),

-- Each size beside every other partner: whether one of its records says about the same.
compared_sizes as (

    select
        ones.record_key,
        ones.attribute,
        others.party_id,
        bool_or(
            greatest(ones.size_least, others.size_least)
            <= least(ones.size_most, others.size_most) * {{ bounds['times_apart'] }}
        ) as is_agreed
    from plausible_sizes as ones
    inner join plausible_sizes as others
        on
            ones.account_key = others.account_key
            and ones.attribute = others.attribute
            and ones.party_id <> others.party_id
    group by ones.record_key, ones.attribute, others.party_id

),

-- One partner's word against another's is nobody's; a partner that stands alone against two is not believed.
contradicted_sizes as (

    select
        record_key,
        attribute
    from compared_sizes
    group by record_key, attribute
    having count(*) filter (where not is_agreed) > count(*) filter (where is_agreed)

),

withheld_sizes as (

    select
        judged_sizes.account_key,
        judged_sizes.record_key,
        judged_sizes.party_id,
        judged_sizes.attribute,
        judged_sizes.withheld_value,
        coalesce(
            judged_sizes.withheld_because,
            case when contradicted_sizes.record_key is not null then 'partners disagree' end
        ) as withheld_because
    from judged_sizes
    left join contradicted_sizes
        on
            judged_sizes.record_key = contradicted_sizes.record_key
            and judged_sizes.attribute = contradicted_sizes.attribute

),

final as (

    select
        *,
        'one witness' as withheld_because
    from unwitnessed_values
    union all by name
    select * from withheld_sizes
    where withheld_because is not null

)

select * from final
