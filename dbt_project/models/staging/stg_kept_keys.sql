with kept_keys as (

    select * from {{ source('raw', 'kept_keys') }}
    where as_of_month <= {{ as_of_month() }}

),

final as (

    select
        as_of_month,
        kind,
        member_key,
        group_key
    from kept_keys

)

select * from final
