with partner_scores as (

    select * from {{ ref('mart_partner_scores') }}

),

final as (

    select
        partner_id,
        partner_name,
        status,
        partner_score,
        concat(
            'Score ', partner_score, ', below {{ var("partner_nurture_score") }}. Weak in: ', weak_components, '.',
            case when missing_components is not null then concat(' Not known: ', missing_components, '.') end
        ) as why,
        is_referral_source
    from partner_scores
    where decision = 'pass'

)

select * from final
