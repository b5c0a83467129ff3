{# Keys that outlive the month: a group of members keeps its key as long as its members do. A key that several groups
   remember goes with most of its members, and a group that remembers several takes the one that brought most. A new group
   is named after its smallest member, and after the month as well where that name is taken; on a tie the group wins that
   has a member of which the condition `ours` is true, then the smaller key. A member that was away for a while still
   remembers.

   `groups` has a row per `member_key`, with `cluster_key`, the smallest member of its group; `memory` has
   as_of_month, `member_key` and `group_key` of the months before, `kept_keys` those that must outlive a party that was
   taken out, from its month on. Gives the CTEs up to `keyed_members`: as_of_month, `member_key`, `group_key`. #}
{% macro stable_keys(groups, member_key, group_key, prefix, memory='earlier_months', ours='false') -%}
remembered_keys as (

    select
        as_of_month,
        {{ member_key }},
        {{ group_key }},
        1 as memory_rank
    from {{ memory }}
    union all
    select
        as_of_month,
        member_key as {{ member_key }},
        group_key as {{ group_key }},
        2 as memory_rank
    from kept_keys

),

last_keys as (

    select
        {{ member_key }},
        {{ group_key }}
    from remembered_keys
    qualify row_number() over (
        partition by {{ member_key }}
        order by as_of_month desc, memory_rank asc
    ) = 1

),

shares as (

    select
        {{ groups }}.cluster_key,
        last_keys.{{ group_key }},
        count(*) as member_count,
        bool_or({{ ours }}) as has_ours
    from {{ groups }}
    inner join last_keys
        on {{ groups }}.{{ member_key }} = last_keys.{{ member_key }}
    group by {{ groups }}.cluster_key, last_keys.{{ group_key }}

),

heirs as (

    select *
    from shares
    qualify row_number() over (
        partition by {{ group_key }}
        order by member_count desc, has_ours desc, cluster_key asc
    ) = 1

),

inherited_keys as (

    select *
    from heirs
    qualify row_number() over (
        partition by cluster_key
        order by member_count desc, {{ group_key }} asc
    ) = 1

),

used_keys as (

    select {{ group_key }}
    from earlier_months
    union
    select group_key as {{ group_key }}
    from kept_keys

),

new_keys as (

    select
        cluster_key,
        '{{ prefix }}' || left(md5(cluster_key), 16) as plain_key
    from {{ groups }}
    where {{ member_key }} = cluster_key

),

cluster_keys as (

    select
        new_keys.cluster_key,
        coalesce(
            inherited_keys.{{ group_key }},
            case
                when used_keys.{{ group_key }} is null then new_keys.plain_key
                else
                    '{{ prefix }}'
                    || left(md5(new_keys.cluster_key || ' ' || cast({{ as_of_month() }} as varchar)), 16)
            end
        ) as {{ group_key }}
    from new_keys
    left join inherited_keys
        on new_keys.cluster_key = inherited_keys.cluster_key
    left join used_keys
        on new_keys.plain_key = used_keys.{{ group_key }}

),

keyed_members as (

    select
        {{ as_of_month() }} as as_of_month,
        {{ groups }}.{{ member_key }},
        cluster_keys.{{ group_key }}
    from {{ groups }}
    inner join cluster_keys
        on {{ groups }}.cluster_key = cluster_keys.cluster_key

)
{%- endmacro %}

{# What a registry remembered before this month, as the CTE `earlier_months`; nothing when it is built for the first time.

   columns: of the registry, without as_of_month, all text. #}
{% macro earlier_months(columns) -%}
earlier_months as (

    {% if is_incremental() -%}
    select * from {{ this }}
    where as_of_month < {{ as_of_month() }}
    {%- else -%}
    select
        cast(null as date) as as_of_month,
        {% for column in columns -%}
        cast(null as varchar) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    where false
    {%- endif %}

)
{%- endmacro %}

{# The strongest accepted pair of every member whose other end is in the same group: what explains why it is there. Pairs
   between two groups, which clustering refused, explain nothing.

   Reads the CTEs `accepted_pairs`, with left_ and right_`member_key`, and `registry`, with `member_key` and `group_key`;
   `columns` of the pairs are kept, `strongest_first` orders them. Gives the CTEs up to `best_ends`: `member_key`, its
   other_`member_key`, and the columns. #}
{% macro best_ends(member_key, group_key, columns, strongest_first) -%}
ends as (

    {% for one, other in [('left', 'right'), ('right', 'left')] -%}
    select
        {{ one }}_{{ member_key }} as {{ member_key }},
        {{ other }}_{{ member_key }} as other_{{ member_key }},
        {{ columns | join(',\n        ') }}
    from accepted_pairs
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

best_ends as (

    select ends.*
    from ends
    inner join registry as own
        on ends.{{ member_key }} = own.{{ member_key }}
    inner join registry as others
        on
            ends.other_{{ member_key }} = others.{{ member_key }}
            and own.{{ group_key }} = others.{{ group_key }}
    qualify row_number() over (
        partition by ends.{{ member_key }}
        order by {{ strongest_first }}, ends.other_{{ member_key }} asc
    ) = 1

)
{%- endmacro %}
