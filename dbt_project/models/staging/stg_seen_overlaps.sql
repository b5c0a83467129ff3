{{ config(materialized='view') }}

with seen_overlaps as (

    select * from {{ source('seen', 'overlaps') }}
    where as_of_month <= {{ as_of_month() }}

),

final as (

    select
        as_of_month,
        account_key,
        record_key,
        partner_id,
        category,
        tier,
        cast(priority_score as varchar) as score,
        cast(our_open_pipeline_counted_once_usd as varchar) as pipeline,
        concat(our_status, ' / ', partner_status) as statuses
    from seen_overlaps

)

select * from final
