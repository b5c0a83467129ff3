with accounts as (

    select * from {{ source('raw', 'accounts') }}

),

pruned_records as (

    select * from {{ source('raw', 'pruned_records') }}

),

file_days as (

    select * from {{ source('raw', 'deliveries') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'accounts'

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'accounts'

),

exchange_rates as (

    select * from {{ ref('stg_exchange_rates') }}

),

refused_columns as (

    {{ refused_columns('accounts', [
        'website', 'employees', 'annual_revenue', 'expected_deal_size', 'lifetime_value', 'is_partner',
        'contract_renewal_date', 'churn_date', 'modified_date',
    ]) }}

),

-- A record is as old as its first list, also when that list is not kept any more.
deliveries as (

    select
        party_id,
        source_id,
        export_month
    from accounts
    union all
    select
        party_id,
        source_id,
        first_seen_month as export_month
    from pruned_records

),

first_deliveries as (

    select
        party_id,
        source_id,
        min(export_month) as first_seen_month
    from deliveries
    where export_month <= {{ as_of_month() }}
    group by party_id, source_id

),

current_accounts as (

    select
        accounts.*,
        current_exports.is_stale,
        first_deliveries.first_seen_month,
        -- Of what an older release landed nobody wrote down the day: it counts as a backfill does.
        coalesce(file_days.delivered_on, last_day(accounts.export_month)) as delivered_on
    from accounts
    inner join current_exports
        on
            accounts.party_id = current_exports.party_id
            and accounts.export_month = current_exports.export_month
    inner join first_deliveries
        on
            accounts.party_id = first_deliveries.party_id
            and accounts.source_id = first_deliveries.source_id
    left join file_days
        on
            accounts.party_id = file_days.party_id
            and accounts.export_month = file_days.export_month
            and accounts.first_file_sha256 = file_days.file_sha256

),

typed as (

    select
        current_accounts.*,
        mapped_industry.value as mapped_industry,
        mapped_country.value as country_code,
        mapped_priority.value as mapped_priority,
        mapped_competitor_strength.value as mapped_competitor_strength,
        mapped_timing_signal.value as mapped_timing_signal,
        mapped_relationship_strength.value as mapped_relationship_strength,
        -- The list a row stands in says its status only where the row itself says none.
        case
            when mapped_lifecycle_status.value is not null then mapped_lifecycle_status.value
            when not mapped_lifecycle_status.is_mapped then null
            else mapped_list_name.value
        end as mapped_lifecycle_status,
        {{ accepted('current_accounts', 'website') }} as accepted_website,
        read_integer_band({{ accepted('current_accounts', 'employees') }}, current_accounts.decimal_mark)
            as read_employees,
        coalesce(
            read_boolean({{ accepted('current_accounts', 'is_partner') }}),
            -- where several words may be picked as a status, one may be this
            case
                when
                    list_has_any(
                        string_split({{ mapping_key('current_accounts.lifecycle_status') }}, ';'),
                        ['partner', 'partners']
                    )
                    then true
            end
        ) as read_is_partner,
        read_date({{ accepted('current_accounts', 'contract_renewal_date') }}, current_accounts.date_order)
            as contract_renewal_on,
        read_date({{ accepted('current_accounts', 'churn_date') }}, current_accounts.date_order) as churned_on,
        read_date({{ accepted('current_accounts', 'modified_date') }}, current_accounts.date_order) as modified_on,
        read_amount_band({{ accepted('current_accounts', 'annual_revenue') }}, current_accounts.decimal_mark)
            as read_annual_revenue,
        read_amount({{ accepted('current_accounts', 'expected_deal_size') }}, current_accounts.decimal_mark)
            as read_expected_deal_size,
        read_amount({{ accepted('current_accounts', 'lifetime_value') }}, current_accounts.decimal_mark)
            as read_lifetime_value,
        {{ amount_currency('current_accounts', 'annual_revenue') }} as annual_revenue_currency,
        {{ amount_currency('current_accounts', 'expected_deal_size') }} as expected_deal_size_currency,
        {{ amount_currency('current_accounts', 'lifetime_value') }} as lifetime_value_currency
    from current_accounts
    {{ join_refused_columns('current_accounts') }}
    {{ join_mapped_values('current_accounts', 'accounts', [
        'lifecycle_status', 'list_name', 'priority', 'industry', 'country', 'currency', 'competitor_strength',
        'timing_signal', 'relationship_strength',
    ]) }}

),

final as (

    select
        -- keys
        concat(typed.party_id, ':', typed.source_id) as record_key,
        typed.party_id,
        typed.source_id,
        -- the company
        {{ text_value('typed.name') }} as name,
        {{ text_value('typed.accepted_website') }} as website,
        read_website_host(typed.accepted_website) as website_host,
        {{ text_value('typed.phone') }} as phone,
        typed.mapped_industry as industry,
        {{ exact_figure('typed.read_employees') }} as employees,
        typed.read_employees.least as employees_least,
        typed.read_employees.most as employees_most,
        {{ exact_figure('typed.read_annual_revenue') }} as annual_revenue,
        typed.read_annual_revenue.least as annual_revenue_least,
        typed.read_annual_revenue.most as annual_revenue_most,
        typed.annual_revenue_currency,
        {{ amount_in_usd(exact_figure('typed.read_annual_revenue'), 'annual_revenue_rate.usd_per_unit') }}
            as annual_revenue_usd,
        {% for end in ['least', 'most'] %}
        {{ amount_in_usd('typed.read_annual_revenue.' ~ end, 'annual_revenue_rate.usd_per_unit') }}
            as annual_revenue_usd_{{ end }},
        {% endfor %}
        typed.country_code,
        {{ text_value('typed.country') }} as country,
        {{ text_value('typed.state') }} as state,
        {{ text_value('typed.city') }} as city,
        {{ text_value('typed.parent_source_id') }} as parent_source_id,
        {{ text_value('typed.parent_name') }} as parent_name,
        {{ text_value('typed.merged_source_ids') }} as merged_source_ids,
        {{ text_value('typed.business_unit') }} as business_unit,
        {{ text_value('typed.lei') }} as lei,
        {{ text_value('typed.duns') }} as duns,
        {{ text_value('typed.vat_number') }} as vat_number,
        {{ text_value('typed.siret') }} as siret,
        {{ text_value('typed.cik') }} as cik,
        -- the relationship
        typed.mapped_lifecycle_status as lifecycle_status,
        {{ text_value('typed.list_name') }} as list_name,
        typed.read_is_partner as is_partner,
        {{ text_value('typed.owner') }} as owner,
        typed.mapped_priority as priority,
        {{ text_value('typed.products_owned') }} as products_owned,
        {{ text_value('typed.competitor_product') }} as competitor_product,
        typed.mapped_competitor_strength as competitor_strength,
        typed.mapped_timing_signal as timing_signal,
        typed.mapped_relationship_strength as relationship_strength,
        typed.read_expected_deal_size as expected_deal_size,
        typed.expected_deal_size_currency,
        {{ amount_in_usd('typed.read_expected_deal_size', 'expected_deal_size_rate.usd_per_unit') }}
            as expected_deal_size_usd,
        typed.read_lifetime_value as lifetime_value,
        typed.lifetime_value_currency,
        {{ amount_in_usd('typed.read_lifetime_value', 'lifetime_value_rate.usd_per_unit') }} as lifetime_value_usd,
        typed.contract_renewal_on,
        typed.churned_on,
        -- the delivery
        typed.modified_on,
        typed.export_month,
        typed.delivered_on,
        typed.first_seen_month,
        typed.is_stale,
        typed.identical_row_count,
        typed.file_name,
        typed.sheet_name,
        typed.row_number,
        typed.source_system,
        typed.currency as delivered_currency
    from typed
    {{ join_exchange_rate('annual_revenue_rate', 'typed.annual_revenue_currency', 'typed.export_month') }}
    {{ join_exchange_rate('expected_deal_size_rate', 'typed.expected_deal_size_currency', 'typed.export_month') }}
    {{ join_exchange_rate('lifetime_value_rate', 'typed.lifetime_value_currency', 'typed.export_month') }}

)

select * from final
