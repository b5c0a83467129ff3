with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_on_partner_list and not is_on_our_list and not is_excluded

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

our_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us' and fit_level in ('strong', 'moderate')

),

partners as (

    select * from {{ ref('dim_partners') }}

),

statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

-- The partner to ask: the one with the nearest relationship, signed before candidate.
ranked as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        account_overlaps.partner_status,
        partners.name as partner_name,
        partners.status as partner_contract_status,
        count(*) over (partition by account_overlaps.account_key) as partner_count,
        row_number() over (
            partition by account_overlaps.account_key
            order by
                statuses.precedence asc,
                case partners.status when 'signed' then 1 else 2 end asc,
                account_overlaps.partner_id asc
        ) as partner_rank
    from account_overlaps
    inner join partners on account_overlaps.partner_id = partners.partner_id
    inner join statuses on account_overlaps.partner_status = statuses.lifecycle_status

),

final as (

    select
        ranked.account_key,
        accounts.name as account_name,
        ranked.partner_id,
        ranked.partner_name,
        ranked.partner_contract_status,
        ranked.partner_status,
        ranked.partner_count,
        ranked.partner_rank,
        accounts.industry,
        accounts.country_code,
        accounts.employees,
        our_fits.fit_level,
        our_fits.fit_rate,
        our_fits.unknown_fields
    from ranked
    inner join our_fits on ranked.account_key = our_fits.account_key
    inner join accounts on ranked.account_key = accounts.account_key

)

select * from final
