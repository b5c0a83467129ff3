{# What hangs together along pairs: a row per end of a pair, with the smallest number of its component. Every round each end
   takes the smallest label that it, its neighbours or the ends named after it have been offered; labels jump to the label
   of their label, so that a chain of a hundred thousand ends takes some twenty rounds and not as many as it is long.

   `pairs` is a relation of unordered pairs of numbers, `left_number` and `right_number` its columns. Gives one select, the
   body of a CTE: number, component_number. #}
{% macro connected_components(pairs, left_number, right_number) -%}
with recursive neighbours as (

        select
            {{ left_number }} as number,
            {{ right_number }} as neighbour_number
        from {{ pairs }}
        union all
        select
            {{ right_number }} as number,
            {{ left_number }} as neighbour_number
        from {{ pairs }}

    ),

    labels as (

        select
            number,
            least(number, min(neighbour_number)) as label_number
        from neighbours
        group by number
        union all
        select
            number,
            label_number
        from (
            with jumps as (
                select
                    labels.number,
                    labels.label_number,
                    parents.label_number as next_number
                from labels
                inner join labels as parents on labels.label_number = parents.number
            ),

            offers as (
                select
                    number,
                    next_number as offered_number
                from jumps
                union all
                select
                    neighbours.number,
                    jumps.next_number as offered_number
                from neighbours
                inner join jumps on neighbours.neighbour_number = jumps.number
                union all
                select
                    owners.label_number as number,
                    jumps.next_number as offered_number
                from neighbours
                inner join jumps on neighbours.neighbour_number = jumps.number
                inner join jumps as owners on neighbours.number = owners.number
            )

            select
                jumps.number,
                least(jumps.label_number, min(offers.offered_number)) as label_number,
                bool_or(min(offers.offered_number) < jumps.label_number) over () as is_changed
            from jumps
            inner join offers on jumps.number = offers.number
            group by jumps.number, jumps.label_number
        ) as rounds
        where is_changed

    )

    select
        number,
        min(label_number) as component_number
    from labels
    group by number
{%- endmacro %}
