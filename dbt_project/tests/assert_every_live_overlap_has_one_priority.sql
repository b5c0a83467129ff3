-- Fails for an account that we and a partner list, not excluded and no partner of ours, without exactly one priority
-- and tier in the month; and for a priority of any other account.
with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

rows_of_either as (

    select
        account_key,
        partner_id,
        1 as overlap_count,
        0 as priority_count
    from account_overlaps
    union all
    select
        account_key,
        partner_id,
        0 as overlap_count,
        1 as priority_count
    from priorities
    where tier is not null

)

select
    account_key,
    partner_id,
    sum(overlap_count) as overlap_count,
    sum(priority_count) as priority_count
from rows_of_either
group by account_key, partner_id
having sum(overlap_count) <> 1 or sum(priority_count) <> 1
