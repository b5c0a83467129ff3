{{ config(materialized='view') }}

select
    as_of_month,
    reloaded_month
from {{ source('seen', 'months') }}
where as_of_month <= {{ as_of_month() }}
