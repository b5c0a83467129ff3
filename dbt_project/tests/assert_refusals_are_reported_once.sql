-- Fails when a refusal of landing is missing from the mart, or in it twice.
with refusals as (

    select count(*) as refusal_count from {{ ref('stg_refusals') }}

),

refused_data as (

    select count(*) as refusal_count from {{ ref('mart_refused_data') }}
    where refused in ('file', 'row', 'value', 'unread column', 'missing column', 'lacking field', 'remark')

)

select
    refusals.refusal_count as delivered_count,
    refused_data.refusal_count as reported_count
from refusals
cross join refused_data
where refusals.refusal_count <> refused_data.refusal_count
