with partners as (

    select * from {{ ref('partners') }}

),

typed as (

    select
        party_id,
        {{ text_value('name') }} as name,
        lower({{ text_value('status') }}) as status,
        cast(signed_on as date) as signed_on,
        cast(nda_signed_on as date) as nda_signed_on,
        cast(withdrawn_on as date) as withdrawn_on,
        coalesce(cast(nda_signed_on as date) <= {{ as_of_date() }}, false) as has_nda,
        {{ text_value('website') }} as website,
        motion,
        segments,
        cast(sellers as integer) as seller_count,
        sharing_level,
        shared_fields,
        refresh_cadence,
        contact_owner
    from partners
    where party_id <> 'us'

),

-- A withdrawal holds for every month, earlier ones built again included: the data are not ours any more.
final as (

    select
        *,
        has_nda and withdrawn_on is null as may_be_built
    from typed

)

select * from final
