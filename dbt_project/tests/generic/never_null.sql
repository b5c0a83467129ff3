{# Fails for every one of the columns that is null in some row, with the number of such rows. #}
{% test never_null(model, columns) %}

select
    column_name,
    null_count
from (
    {% for column in columns %}
    select
        '{{ column }}' as column_name,
        count(*) - count({{ column }}) as null_count
    from {{ model }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
) as counted
where null_count > 0

{% endtest %}
