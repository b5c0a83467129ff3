{# Keys that outlive the month: a group of members keeps its key as long as its members do. A key that several groups
   remember goes with most of its members, and a group that remembers several takes the one that brought most. A new group
   is named after its smallest member, and after the month as well where that name is taken; on a tie the smaller key
   wins. A member that was away for a while still remembers.

   `groups` has a row per `member_key`, with `cluster_key`, the smallest member of its group; `earlier_months` has
   as_of_month, `member_key` and `group_key` of the months before, `kept_keys` those that must outlive a party that was
   taken out, from its month on. Gives the CTEs up to `final`. #}
{% macro stable_keys(groups, member_key, group_key, prefix) -%}
remembered_keys as (
    select
        as_of_month,
        {{ member_key }},
        {{ group_key }},
        1 as memory_rank
    from earlier_months
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
        count(*) as member_count
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
        order by member_count desc, cluster_key asc
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
    select distinct {{ group_key }}
    from remembered_keys
),

new_keys as (
    select
        cluster_key,
        '{{ prefix }}' || left(md5(cluster_key), 16) as plain_key,
        '{{ prefix }}' || left(md5(cluster_key || ' ' || cast({{ as_of_month() }} as varchar)), 16) as dated_key
    from {{ groups }}
    where {{ member_key }} = cluster_key
),

cluster_keys as (
    select
        new_keys.cluster_key,
        coalesce(
            inherited_keys.{{ group_key }},
            case when used_keys.{{ group_key }} is null then new_keys.plain_key else new_keys.dated_key end
        ) as {{ group_key }}
    from new_keys
    left join inherited_keys
        on new_keys.cluster_key = inherited_keys.cluster_key
    left join used_keys
        on new_keys.plain_key = used_keys.{{ group_key }}
),

final as (
    select
        {{ as_of_month() }} as as_of_month,
        {{ groups }}.{{ member_key }},
        cluster_keys.{{ group_key }}
    from {{ groups }}
    inner join cluster_keys
        on {{ groups }}.cluster_key = cluster_keys.cluster_key
)
{%- endmacro %}
