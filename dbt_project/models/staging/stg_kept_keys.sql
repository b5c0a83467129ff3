with kept_keys as (

    select * from {{ source('raw', 'kept_keys') }}

)

select * from kept_keys
where as_of_month <= {{ as_of_month() }}
