with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_on_our_list and not is_partner

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}
    where party_id = 'us'

),

records as (

    select * from {{ ref('stg_accounts') }}

),

statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

our_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us'

),

bases as (

    select case when count(*) > 0 then 'icp definition' else 'status proxy' end as icp_basis
    from our_fits

),

-- A live overlap of an account that is kept from one partner is one with the others.
counted as (

    select
        account_key,
        our_status,
        cast(sum(case when is_overlap and not is_excluded then 1 else 0 end) as integer) as partner_count,
        min(case when is_overlap and not is_excluded then partner_id end) as first_partner_id
    from account_overlaps
    group by account_key, our_status

),

-- What our own records say of it, several of them together: the highest priority, the next renewal or else the last,
-- the last churn, the sum of what it has been worth.
described as (

    select
        account_records.account_key,
        min(case records.priority when 'high' then 1 when 'medium' then 2 when 'low' then 3 end) as priority_order,
        coalesce(
            min(records.contract_renewal_on) filter (where records.contract_renewal_on >= {{ as_of_date() }}),
            max(records.contract_renewal_on)
        ) as contract_renewal_on,
        max(records.churned_on) as churned_on,
        cast(sum(records.lifetime_value_usd) as decimal(38, 2)) as lifetime_value_usd,
        string_agg(distinct records.products_owned, '; ' order by records.products_owned) as products_owned,
        string_agg(distinct records.business_unit, '; ' order by records.business_unit) as business_units
    from account_records
    inner join records on account_records.record_key = records.record_key
    group by account_records.account_key

),

final as (

    select
        counted.account_key,
        accounts.name as account_name,
        accounts.our_owner,
        counted.our_status,
        accounts.is_excluded,
        described.contract_renewal_on,
        described.churned_on,
        described.lifetime_value_usd,
        described.products_owned,
        described.business_units,
        bases.icp_basis,
        counted.partner_count,
        case described.priority_order when 1 then 'high' when 2 then 'medium' when 3 then 'low' end as priority,
        case bases.icp_basis
            when 'icp definition' then coalesce(our_fits.fit_level in ('strong', 'moderate'), false)
            else statuses.is_icp_proxy
        end as is_icp_account,
        case when counted.partner_count = 1 then counted.first_partner_id end as only_partner_id
    from counted
    cross join bases
    inner join accounts on counted.account_key = accounts.account_key
    left join described on counted.account_key = described.account_key
    inner join statuses on counted.our_status = statuses.lifecycle_status
    left join our_fits on counted.account_key = our_fits.account_key

)

select * from final
