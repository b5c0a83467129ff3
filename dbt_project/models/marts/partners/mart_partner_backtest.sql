with partner_scores as (

    select * from {{ ref('mart_partner_scores') }}

),

partner_production as (

    select * from {{ ref('mart_partner_production') }}

),

cells as (

    select
        decisions.decision,
        decisions.decision_number,
        answers.is_producer
    from (
        values ('keep', 1), ('nurture', 2), ('refer', 3), ('pass', 4), ('unknown', 5)
    ) as decisions (decision, decision_number)
    cross join (values (true), (false)) as answers (is_producer)

),

counted as (

    select
        partner_scores.decision,
        partner_production.is_producer,
        count(*) as partner_count,
        sum(partner_production.credited_revenue_usd) as credited_revenue_usd
    from partner_production
    inner join partner_scores on partner_production.partner_id = partner_scores.partner_id
    group by partner_scores.decision, partner_production.is_producer

),

final as (

    select
        cells.decision,
        cells.decision_number,
        cells.is_producer,
        cast({{ if_delivered('opportunities', 'coalesce(counted.credited_revenue_usd, 0)') }} as decimal(38, 2))
            as credited_revenue_usd,
        {{ if_delivered('opportunities', 'coalesce(counted.partner_count, 0)') }} as partner_count
    from cells
    left join counted
        on
            cells.decision = counted.decision
            and cells.is_producer = counted.is_producer

)

select * from final
