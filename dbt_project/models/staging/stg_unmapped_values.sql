with mapped_values as (

    select * from {{ ref('stg_mapped_values') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}

),

exchange_rates as (

    select * from {{ ref('stg_exchange_rates') }}

),

-- A currency matters only where an amount needs it; those are listed below, by amount.
unmapped_words as (

    select
        party_id,
        object,
        field,
        column_name,
        source_system,
        delivered_value,
        'value not mapped' as problem,
        cast(null as date) as rate_month,
        cast(null as date) as first_needed_month,
        cast(null as date) as last_needed_month,
        first_file_name,
        first_sheet_name,
        first_row_number,
        record_count
    from mapped_values
    where not is_mapped and field <> 'currency'

),

-- Amounts of accounts are worth what they are in the month of the list, as is a closed deal that does not say when.
amounts as (

    {% for amount in ['annual_revenue', 'expected_deal_size', 'lifetime_value'] %}
    select
        party_id,
        'accounts' as object,
        '{{ amount }}' as column_name,
        source_system,
        {{ amount }}_currency as currency,
        delivered_currency,
        export_month as rate_on,
        false as is_of_close,
        {% if amount == 'annual_revenue' %}
        coalesce(annual_revenue_least, annual_revenue_most) as amount,
        coalesce(annual_revenue_usd_least, annual_revenue_usd_most) as amount_usd,
        {% else %}
        {{ amount }} as amount,
        {{ amount }}_usd as amount_usd,
        {% endif %}
        file_name,
        sheet_name,
        row_number
    from accounts
    union all
    {% endfor %}
    select
        party_id,
        'opportunities' as object,
        'amount' as column_name,
        source_system,
        currency,
        delivered_currency,
        rate_on,
        coalesce(outcome in ('won', 'lost') and closed_on is not null, false) as is_of_close,
        amount,
        amount_usd,
        file_name,
        sheet_name,
        row_number
    from opportunities

),

rated_amounts as (

    select
        amounts.*,
        {{ text_value('amounts.delivered_currency') }} as stated_currency,
        cast(date_trunc('month', amounts.rate_on) as date) as needed_month,
        case when amounts.currency <> 'USD' then cast(date_trunc('month', rates.valid_from) as date) end as rate_month
    from amounts
    {{ join_exchange_rate('rates', 'amounts.currency', 'amounts.rate_on') }}
    where amounts.amount is not null

),

-- What has no value in dollars, and what has one at the rate of an earlier month.
amounts_without_own_rate as (

    select
        *,
        case
            when currency is null and stated_currency is not null then 'value not mapped'
            when currency is null then 'no currency stated'
            when amount_usd is null and is_of_close then 'no exchange rate of close'
            when amount_usd is null then 'no exchange rate'
            when is_of_close then 'old exchange rate of close'
            else 'old exchange rate'
        end as problem
    from rated_amounts
    where amount_usd is null or rate_month < needed_month

),

numbered_amounts as (

    select
        *,
        row_number() over (
            partition by
                party_id, object, column_name, source_system, currency, stated_currency, problem, rate_month
            order by file_name, sheet_name, row_number
        ) as occurrence
    from amounts_without_own_rate

),

unknown_currencies as (

    select
        party_id,
        object,
        'currency' as field,
        column_name,
        source_system,
        coalesce(currency, stated_currency) as delivered_value,
        problem,
        rate_month,
        case when currency is not null then min(needed_month) end as first_needed_month,
        case when currency is not null then max(needed_month) end as last_needed_month,
        max(case when occurrence = 1 then file_name end) as first_file_name,
        max(case when occurrence = 1 then sheet_name end) as first_sheet_name,
        max(case when occurrence = 1 then row_number end) as first_row_number,
        count(*) as record_count
    from numbered_amounts
    group by
        party_id, object, column_name, source_system, currency, stated_currency, problem, rate_month

),

final as (

    select * from unmapped_words
    union all
    select * from unknown_currencies

)

select * from final
