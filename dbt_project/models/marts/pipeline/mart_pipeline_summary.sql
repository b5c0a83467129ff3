with joint_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where attribution <> 'none' and outcome is not null

),

partners as (

    select * from {{ ref('dim_partners') }}

),

dimensions as (

    select unnest(['all', 'partner', 'stage', 'month']) as dimension

),

-- Every opportunity once in each dimension, so that each adds up to the whole.
placed as (

    select
        joint_opportunities.*,
        dimensions.dimension,
        case dimensions.dimension
            when 'all' then 'all'
            when 'partner' then joint_opportunities.primary_partner_id
            when 'stage'
                then
                    case joint_opportunities.outcome
                        when 'won' then 'closed_won'
                        when 'lost' then 'closed_lost'
                        else coalesce(joint_opportunities.stage, 'unknown')
                    end
            when 'month'
                then
                    coalesce(
                        strftime(
                            case
                                when joint_opportunities.is_open then joint_opportunities.expected_close_on
                                else joint_opportunities.closed_on
                            end,
                            '%Y-%m'
                        ),
                        'unknown'
                    )
        end as dimension_value
    from joint_opportunities
    cross join dimensions

),

summed as (

    select
        dimension,
        dimension_value,
        count(*) filter (where is_open) as open_opportunity_count,
        coalesce(sum(amount_usd) filter (where is_open), 0) as open_pipeline_usd,
        coalesce(sum(weighted_amount_usd), 0) as weighted_pipeline_usd,
        {{ average('amount_usd', 'is_open') }} as average_deal_size_usd,
        count(*) filter (where is_open and amount_usd is null) as unpriced_opportunity_count,
        count(*) filter (where outcome = 'won') as won_count,
        count(*) filter (where outcome = 'lost') as lost_count,
        coalesce(sum(amount_usd) filter (where outcome = 'won'), 0) as won_revenue_usd,
        {{ rate("count(*) filter (where outcome = 'won')", 'count(*) filter (where not is_open)') }} as win_rate,
        {{ average('sales_cycle_days') }} as average_sales_cycle_days
    from placed
    group by dimension, dimension_value

),

final as (

    select
        summed.dimension,
        summed.dimension_value,
        partners.name as partner_name,
        -- open
        summed.open_opportunity_count,
        cast(summed.open_pipeline_usd as decimal(38, 2)) as open_pipeline_usd,
        cast(summed.weighted_pipeline_usd as decimal(38, 2)) as weighted_pipeline_usd,
        summed.average_deal_size_usd,
        summed.unpriced_opportunity_count,
        -- closed
        summed.won_count,
        summed.lost_count,
        cast(summed.won_revenue_usd as decimal(38, 2)) as won_revenue_usd,
        summed.win_rate,
        cast(summed.average_sales_cycle_days as decimal(18, 2)) as average_sales_cycle_days
    from summed
    left join partners on summed.dimension = 'partner' and summed.dimension_value = partners.partner_id

)

select * from final
