-- Fails when the column that may be added up over partners does not add up to our open opportunities, each once.
with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us' and is_open and account_record_key is not null

),

overlap_total as (

    select coalesce(sum(our_open_pipeline_counted_once_usd), 0) as total_usd from account_overlaps

),

opportunity_total as (

    select coalesce(sum(amount_usd), 0) as total_usd from opportunities

),

-- Without a partner there is no row to count on.
compared as (

    select
        overlap_total.total_usd as overlap_total_usd,
        opportunity_total.total_usd as opportunity_total_usd
    from overlap_total
    cross join opportunity_total
    where exists (select 1 from account_overlaps)

)

select * from compared
where overlap_total_usd <> opportunity_total_usd
