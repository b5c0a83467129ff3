{# Fails for every row on which the condition is false or not known. #}
{% test holds_for_every_row(model, condition) %}

select *
from {{ model }}
where not coalesce({{ condition }}, false)

{% endtest %}
