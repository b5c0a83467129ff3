{{ config(materialized='view') }}

with seen_restatements as (

    select * from {{ source('seen', 'restatements') }}
    where restated_in_month <= {{ as_of_month() }}

),

final as (

    select
        as_of_month,
        restated_in_month,
        reloaded_month,
        restatement_number,
        account_key,
        partner_id,
        change_type,
        from_value,
        to_value
    from seen_restatements

)

select * from final
