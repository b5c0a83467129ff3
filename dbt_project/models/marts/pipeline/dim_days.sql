with days as (

    select
        unnest(
            generate_series(
                cast('{{ var("first_calendar_month") }}' as date),
                cast({{ as_of_month() }} + interval '{{ var("calendar_months_ahead") }} months' as date),
                interval '1 day'
            )
        ) as day_at

),

final as (

    select
        cast(day_at as date) as day_on,
        cast(date_trunc('month', day_at) as date) as month
    from days

)

select * from final
