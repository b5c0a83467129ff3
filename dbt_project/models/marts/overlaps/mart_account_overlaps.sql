with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

),

final as (

    select
        -- who
        account_overlaps.account_key,
        accounts.name as account_name,
        account_overlaps.partner_id,
        partners.name as partner_name,
        -- the account
        accounts.industry,
        accounts.country_code,
        accounts.city,
        accounts.domain,
        accounts.our_owner,
        -- the two sides
        account_overlaps.our_status,
        account_overlaps.partner_status,
        account_overlaps.overlap_type,
        account_overlaps.category,
        account_overlaps.play,
        account_overlaps.mapped_on,
        account_overlaps.is_partner_list_stale,
        -- what it is worth
        priorities.tier,
        priorities.priority_score,
        priorities.target_state,
        account_overlaps.our_open_opportunity_count,
        account_overlaps.our_open_pipeline_usd,
        account_overlaps.our_open_pipeline_counted_once_usd,
        best_partners.best_partner_id = account_overlaps.partner_id as is_best_partner
    from account_overlaps
    inner join accounts on account_overlaps.account_key = accounts.account_key
    inner join partners on account_overlaps.partner_id = partners.partner_id
    inner join priorities
        on
            account_overlaps.account_key = priorities.account_key
            and account_overlaps.partner_id = priorities.partner_id
    inner join best_partners on account_overlaps.account_key = best_partners.account_key

)

select * from final
