with priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }} and target_state = 'target'

),

partners as (

    select * from {{ ref('dim_partners') }}
    where list_status in ('current list', 'stale list')

),

scoring_weights as (

    select * from {{ ref('scoring_weights') }}

),

directions as (

    select
        'up' as direction,
        1 as sign
    union all
    select
        'down' as direction,
        -1 as sign

),

moves as (

    select
        scoring_weights.component,
        scoring_weights.component_number,
        scoring_weights.weight,
        directions.direction,
        cast(scoring_weights.weight * directions.sign * {{ var('weight_change_rate') }} as decimal(18, 6))
            as weight_change
    from scoring_weights
    cross join directions

),

-- Every partner with a list, one without a target too: nothing of nothing is kept.
partner_moves as (

    select
        moves.*,
        partners.partner_id,
        partners.name as partner_name
    from partners
    cross join moves

),

moved_scores as (

    select
        priorities.partner_id,
        priorities.account_key,
        priorities.is_top,
        priorities.missing_component_count,
        priorities.expected_deal_size_usd,
        moves.component,
        moves.direction,
        priorities.priority_score + moves.weight_change * case moves.component
            {% for component in priority_components() %}
            when '{{ component }}' then priorities.{{ component }}_score
            {% endfor %}
        end as moved_score
    from priorities
    cross join moves

),

moved_ranks as (

    select
        partner_id,
        component,
        direction,
        is_top,
        row_number() over (
            partition by partner_id, component, direction
            order by {{ priority_order('moved_score') }}
        ) as moved_rank
    from moved_scores

),

counted as (

    select
        partner_id,
        component,
        direction,
        count(*) filter (where is_top) as top_count,
        count(*) filter (where is_top and moved_rank <= {{ var('top_account_count') }}) as kept_count
    from moved_ranks
    group by partner_id, component, direction

),

final as (

    select
        partner_moves.partner_id,
        partner_moves.partner_name,
        partner_moves.component,
        partner_moves.component_number,
        partner_moves.direction,
        cast(partner_moves.weight + partner_moves.weight_change as decimal(18, 6)) as moved_weight,
        coalesce(counted.top_count, 0) as top_count,
        coalesce(counted.kept_count, 0) as kept_count,
        {{ rate('counted.kept_count', 'counted.top_count') }} as kept_rate
    from partner_moves
    left join counted
        on
            partner_moves.partner_id = counted.partner_id
            and partner_moves.component = counted.component
            and partner_moves.direction = counted.direction

)

select * from final
