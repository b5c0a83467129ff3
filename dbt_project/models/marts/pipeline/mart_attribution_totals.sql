with opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

attributed as (

    select
        *,
        case when attribution = 'none' then 'unattributed' else attribution end as credit,
        {{ quarter_of('created_on') }} as created_quarter,
        case when outcome in ('won', 'lost') then {{ quarter_of('closed_on') }} end as closed_quarter
    from opportunities

),

quarters as (

    select created_quarter as quarter_starts_on
    from attributed
    where created_quarter <= {{ as_of_date() }}
    union
    select closed_quarter as quarter_starts_on
    from attributed
    where closed_quarter <= {{ as_of_date() }}

),

credit_words as (

    select unnest(['sourced', 'influenced', 'unattributed', 'all']) as credit

),

credits as (

    select
        quarters.quarter_starts_on,
        credit_words.credit
    from quarters
    cross join credit_words

),

created as (

    select
        credits.quarter_starts_on,
        credits.credit,
        count(*) as created_count,
        coalesce(sum(attributed.amount_usd), 0) as generated_usd
    from credits
    inner join attributed
        on
            credits.quarter_starts_on = attributed.created_quarter
            and credits.credit in ('all', attributed.credit)
    where attributed.created_on <= {{ as_of_date() }}
    group by credits.quarter_starts_on, credits.credit

),

closed as (

    select
        credits.quarter_starts_on,
        credits.credit,
        count(*) filter (where attributed.outcome = 'won') as won_count,
        count(*) filter (where attributed.outcome = 'lost') as lost_count,
        coalesce(sum(attributed.amount_usd) filter (where attributed.outcome = 'won'), 0) as won_usd,
        {{ average('attributed.sales_cycle_days') }} as average_sales_cycle_days
    from credits
    inner join attributed
        on
            credits.quarter_starts_on = attributed.closed_quarter
            and credits.credit in ('all', attributed.credit)
    where attributed.closed_on <= {{ as_of_date() }}
    group by credits.quarter_starts_on, credits.credit

),

counted as (

    select
        credits.quarter_starts_on,
        credits.credit,
        closed.average_sales_cycle_days,
        coalesce(created.created_count, 0) as created_count,
        coalesce(created.generated_usd, 0) as generated_usd,
        coalesce(closed.won_count, 0) as won_count,
        coalesce(closed.lost_count, 0) as lost_count,
        coalesce(closed.won_usd, 0) as won_usd
    from credits
    left join created
        on credits.quarter_starts_on = created.quarter_starts_on and credits.credit = created.credit
    left join closed
        on credits.quarter_starts_on = closed.quarter_starts_on and credits.credit = closed.credit

),

with_totals as (

    select
        *,
        max(case when credit = 'all' then generated_usd end) over (partition by quarter_starts_on)
            as all_generated_usd,
        max(case when credit = 'all' then won_usd end) over (partition by quarter_starts_on) as all_won_usd
    from counted

),

final as (

    select
        quarter_starts_on,
        {{ quarter_label('quarter_starts_on') }} as quarter,
        credit,
        -- begun in the quarter
        created_count,
        cast(generated_usd as decimal(38, 2)) as generated_usd,
        {{ rate('generated_usd', 'all_generated_usd') }} as generated_share,
        -- closed in the quarter
        won_count,
        lost_count,
        cast(won_usd as decimal(38, 2)) as won_usd,
        {{ rate('won_usd', 'all_won_usd') }} as won_share,
        {{ rate('won_count', 'won_count + lost_count') }} as win_rate,
        cast(average_sales_cycle_days as decimal(18, 2)) as average_sales_cycle_days
    from with_totals

)

select * from final
