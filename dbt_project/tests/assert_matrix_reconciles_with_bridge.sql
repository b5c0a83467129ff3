-- Fails for a partner whose matrix does not add up, from either side, to the records and accounts of the bridge.
with account_records as (

    select * from {{ ref('bridge_account_records') }}

),

matrix as (

    select * from {{ ref('mart_account_mapping_matrix') }}

),

lists as (

    select
        party_id,
        count(*) as record_count,
        count(distinct account_key) as account_count
    from account_records
    group by party_id

),

sums as (

    select
        partner_id,
        sum(our_record_count) as our_record_count,
        sum(partner_record_count) as partner_record_count,
        sum(case when our_segment <> 'not in list' then account_count else 0 end) as our_account_count,
        sum(case when partner_segment <> 'not in list' then account_count else 0 end) as partner_account_count
    from matrix
    group by partner_id

),

compared as (

    select
        sums.*,
        coalesce(ours.record_count, 0) as our_listed_record_count,
        coalesce(ours.account_count, 0) as our_listed_account_count,
        coalesce(theirs.record_count, 0) as partner_listed_record_count,
        coalesce(theirs.account_count, 0) as partner_listed_account_count
    from sums
    left join lists as ours on ours.party_id = 'us'
    left join lists as theirs on sums.partner_id = theirs.party_id

)

select * from compared
where
    our_record_count <> our_listed_record_count
    or our_account_count <> our_listed_account_count
    or partner_record_count <> partner_listed_record_count
    or partner_account_count <> partner_listed_account_count
