with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and not is_excluded

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where industry is not null

),

partners as (

    select * from {{ ref('dim_partners') }}

),

counted as (

    select
        account_overlaps.partner_id,
        accounts.industry,
        count(*) filter (where account_overlaps.is_on_partner_list and account_overlaps.partner_status = 'customer')
            as partner_customer_count,
        count(*) filter (where account_overlaps.is_on_our_list and account_overlaps.our_status = 'customer')
            as our_customer_count,
        count(*) filter (where account_overlaps.is_on_our_list) as our_account_count,
        count(*) filter (where not account_overlaps.is_on_our_list) as partner_only_account_count
    from account_overlaps
    inner join accounts on account_overlaps.account_key = accounts.account_key
    group by account_overlaps.partner_id, accounts.industry

),

final as (

    select
        counted.partner_id,
        partners.name as partner_name,
        counted.industry,
        counted.partner_customer_count,
        counted.our_customer_count,
        counted.our_account_count,
        counted.partner_only_account_count,
        counted.partner_customer_count >= {{ var('white_space_customer_count') }} and counted.our_customer_count = 0
            as is_white_space
    from counted
    inner join partners on counted.partner_id = partners.partner_id

)

select * from final
