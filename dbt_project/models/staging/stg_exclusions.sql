with exclusions as (

    select * from {{ ref('exclusions') }}

),

typed as (

    select
        exclusion_id,
        {{ text_value('account_name') }} as account_name,
        {{ text_value('website') }} as website,
        read_website_host(website) as website_host,
        {{ text_value('record_key') }} as record_key,
        {{ text_value('partner_id') }} as partner_id,
        {{ text_value('reason') }} as reason,
        {{ text_value('excluded_by') }} as excluded_by,
        cast(since as date) as since,
        cast(until as date) as until
    from exclusions

),

final as (

    select
        *,
        coalesce(since <= {{ as_of_date() }}, true) and coalesce(until >= {{ as_of_date() }}, true) as is_in_force
    from typed

)

select * from final
