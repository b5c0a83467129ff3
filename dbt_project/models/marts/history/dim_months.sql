with recursive months as (

    select cast('{{ var("first_calendar_month") }}' as date) as month
    union all
    select cast(month + interval '1 month' as date) as month
    from months
    where month < {{ as_of_month() }}

),

final as (

    select
        month,
        cast(extract(year from month) as integer) as year,
        cast(extract(quarter from month) as integer) as quarter,
        cast(extract(month from month) as integer) as month_of_year,
        {{ fiscal_year_of('month') }} as fiscal_year,
        {{ quarter_label('month') }} as fiscal_quarter,
        {{ quarter_of('month') }} as fiscal_quarter_start,
        month = {{ as_of_month() }} as is_as_of_month,
        case when month = {{ as_of_month() }} then {{ as_of_date() }} end as as_of_on
    from months

)

select * from final
