with rates as (

    select
        upper({{ text_value('currency') }}) as currency,
        cast(month as date) as valid_from,
        cast(usd_per_unit as decimal(18, 8)) as usd_per_unit
    from {{ ref('exchange_rates') }}
    where upper({{ text_value('currency') }}) <> 'USD'

),

-- A month without a rate of its own takes the latest earlier one; a month before the first rate has none.
with_validity as (

    select
        currency,
        valid_from,
        lead(valid_from) over (partition by currency order by valid_from) as valid_until,
        usd_per_unit
    from rates

),

us_dollar as (

    select
        'USD' as currency,
        cast('0001-01-01' as date) as valid_from,
        cast(null as date) as valid_until,
        cast(1 as decimal(18, 8)) as usd_per_unit

),

final as (

    select * from with_validity
    union all
    select * from us_dollar

)

select * from final
