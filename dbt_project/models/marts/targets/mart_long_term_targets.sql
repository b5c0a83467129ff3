with {{ tier_targets('T3') }},

score_levels as (

    select * from {{ ref('score_levels') }}

),

final as (

    select
        targets.account_key,
        targets.account_name,
        targets.partner_id,
        targets.partner_name,
        targets.industry,
        targets.note as notes,
        targets.priority_score,
        targets.tier_basis,
        nullif(
            concat_ws(' ', targets.play_reason, 'Strong: ' || replace(targets.strong_components, '_', ' ') || '.'), ''
        ) as target_reason,
        nullif(concat_ws('; ', 'weak: ' || targets.weak_components, 'unknown: ' || targets.missing_components), '')
            as why,
        coalesce(score_levels.timeline, 'unknown') as timeline
    from targets
    left join score_levels on score_levels.component = 'timing' and targets.timing_level = score_levels.level

)

select * from final
