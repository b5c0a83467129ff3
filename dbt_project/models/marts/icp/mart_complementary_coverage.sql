with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_on_partner_list and not is_excluded

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where industry is not null and country_code is not null and not is_partner

),

our_fits as (

    select * from {{ ref('fct_account_icp_fit') }}
    where party_id = 'us'

),

partners as (

    select * from {{ ref('dim_partners') }}

),

-- One account of ours, excluded or not, a good fit or not, is presence: then it is no gap.
our_segments as (

    select distinct
        industry,
        country_code
    from accounts
    where is_on_our_list

),

-- Without a definition of ours, every account may be one.
wanted_accounts as (

    select
        accounts.account_key,
        accounts.industry,
        accounts.country_code
    from accounts
    left join our_fits on accounts.account_key = our_fits.account_key
    where coalesce(our_fits.fit_level in ('strong', 'moderate'), true)

),

counted as (

    select
        wanted_accounts.industry,
        wanted_accounts.country_code,
        account_overlaps.partner_id,
        count(*) as partner_account_count,
        count(*) filter (where account_overlaps.partner_status = 'customer') as partner_customer_count
    from account_overlaps
    inner join wanted_accounts on account_overlaps.account_key = wanted_accounts.account_key
    left join our_segments
        on
            wanted_accounts.industry = our_segments.industry
            and wanted_accounts.country_code = our_segments.country_code
    where our_segments.industry is null
    group by wanted_accounts.industry, wanted_accounts.country_code, account_overlaps.partner_id

),

final as (

    select
        counted.industry,
        counted.country_code,
        counted.partner_id,
        partners.name as partner_name,
        partners.status as partner_contract_status,
        counted.partner_account_count,
        counted.partner_customer_count,
        case partners.status when 'candidate' then 'recruit' else 'ask for introductions' end as play,
        row_number() over (
            partition by counted.industry, counted.country_code
            order by
                counted.partner_customer_count desc, counted.partner_account_count desc, counted.partner_id asc
        ) as partner_rank
    from counted
    inner join partners on counted.partner_id = partners.partner_id
    where counted.partner_account_count >= {{ var('complementary_account_count') }}

)

select * from final
