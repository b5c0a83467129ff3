with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_on_our_list and not is_partner

),

accounts as (

    select * from {{ ref('dim_accounts') }}

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

final as (

    select
        counted.account_key,
        counted.our_status,
        accounts.is_excluded,
        bases.icp_basis,
        counted.partner_count,
        case bases.icp_basis
            when 'icp definition' then coalesce(our_fits.fit_level in ('strong', 'moderate'), false)
            else statuses.is_icp_proxy
        end as is_icp_account,
        case when counted.partner_count = 1 then counted.first_partner_id end as only_partner_id
    from counted
    cross join bases
    inner join accounts on counted.account_key = accounts.account_key
    inner join statuses on counted.our_status = statuses.lifecycle_status
    left join our_fits on counted.account_key = our_fits.account_key

)

select * from final
