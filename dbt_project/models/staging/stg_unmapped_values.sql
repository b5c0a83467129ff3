with mapped_values as (

    select * from {{ ref('stg_mapped_values') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}

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
        first_file_name,
        first_sheet_name,
        first_row_number,
        record_count
    from mapped_values
    where not is_mapped and field <> 'currency'

),

amounts_without_rate as (

    {% for amount in ['annual_revenue', 'expected_deal_size', 'lifetime_value'] %}
    select
        party_id,
        'accounts' as object,
        '{{ amount }}' as column_name,
        source_system,
        {{ amount }}_currency as currency,
        {{ text_value('delivered_currency') }} as delivered_currency,
        file_name,
        sheet_name,
        row_number
    from accounts
    {% if amount == 'annual_revenue' %}
    where
        coalesce(annual_revenue_least, annual_revenue_most) is not null
        and coalesce(annual_revenue_usd_least, annual_revenue_usd_most) is null
    {% else %}
    where {{ amount }} is not null and {{ amount }}_usd is null
    {% endif %}
    union all
    {% endfor %}
    select
        party_id,
        'opportunities' as object,
        'amount' as column_name,
        source_system,
        currency,
        {{ text_value('delivered_currency') }} as delivered_currency,
        file_name,
        sheet_name,
        row_number
    from opportunities
    where amount is not null and amount_usd is null

),

numbered_amounts as (

    select
        *,
        row_number() over (
            partition by party_id, object, column_name, source_system, currency, delivered_currency
            order by file_name, sheet_name, row_number
        ) as occurrence
    from amounts_without_rate

),

unknown_currencies as (

    select
        party_id,
        object,
        'currency' as field,
        column_name,
        source_system,
        coalesce(currency, delivered_currency) as delivered_value,
        case
            when currency is not null then 'no exchange rate'
            when delivered_currency is not null then 'value not mapped'
            else 'no currency stated'
        end as problem,
        max(case when occurrence = 1 then file_name end) as first_file_name,
        max(case when occurrence = 1 then sheet_name end) as first_sheet_name,
        max(case when occurrence = 1 then row_number end) as first_row_number,
        count(*) as record_count
    from numbered_amounts
    group by
        party_id,
        object,
        column_name,
        source_system,
        currency,
        delivered_currency

),

final as (

    select * from unmapped_words
    union all
    select * from unknown_currencies

)

select * from final
