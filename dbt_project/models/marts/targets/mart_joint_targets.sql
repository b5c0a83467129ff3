with {{ tier_targets('T1') }},

final as (

    select
        account_key,
        account_name,
        partner_id,
        partner_name,
        industry,
        employees,
        employees_least,
        employees_most,
        our_status,
        partner_status,
        relationship_level,
        joint_opportunity_amount_usd,
        joint_opportunity_amount_counted_once_usd,
        amount_basis,
        owner,
        activity_status,
        priority_score,
        tier_basis
    from targets

)

select * from final
