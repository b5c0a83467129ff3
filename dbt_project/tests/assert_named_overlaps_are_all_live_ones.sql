-- Fails when the overlaps shown by name are not the live ones, or their pipeline counted once is another.
with named as (

    select * from {{ ref('mart_account_overlaps') }}

),

live as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

compared as (

    select
        coalesce(named.account_key, live.account_key) as account_key,
        coalesce(named.partner_id, live.partner_id) as partner_id
    from named
    full outer join live on named.account_key = live.account_key and named.partner_id = live.partner_id
    where
        named.account_key is null
        or live.account_key is null
        or named.our_open_pipeline_counted_once_usd is distinct from live.our_open_pipeline_counted_once_usd

)

select * from compared
