-- Fails for an account of either side that a partner with a list does not have exactly once, or that has no category.
with account_parties as (

    select * from {{ ref('bridge_account_parties') }}

),

partners as (

    select partner_id from {{ ref('dim_partners') }}
    where list_status in ('current list', 'stale list')

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

expected as (

    select distinct
        account_parties.account_key,
        partners.partner_id
    from account_parties
    inner join partners on account_parties.party_id = 'us' or account_parties.party_id = partners.partner_id

),

counted as (

    select
        coalesce(expected.account_key, account_overlaps.account_key) as account_key,
        coalesce(expected.partner_id, account_overlaps.partner_id) as partner_id,
        expected.account_key is not null as is_expected,
        count(account_overlaps.category) as category_count
    from expected
    full join account_overlaps
        on
            expected.account_key = account_overlaps.account_key
            and expected.partner_id = account_overlaps.partner_id
    group by expected.account_key, expected.partner_id, account_overlaps.account_key, account_overlaps.partner_id

)

select * from counted
where category_count <> 1 or not is_expected
