-- Fails for an account where our open pipeline moved since last month by another amount than that of its causes. Asked
-- where the month before has kept all of the account's opportunities.
with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where is_on_our_list

),

pipeline_changes as (

    select * from {{ ref('fct_account_pipeline_changes') }}
    where as_of_month = {{ as_of_month() }}

),

previous_months as (

    select max(as_of_month) as previous_month from account_overlaps
    where as_of_month < {{ as_of_month() }}
    having max(as_of_month) is not null
    intersect
    select max(as_of_month) as previous_month from {{ ref('fct_opportunity_months') }}
    where as_of_month < {{ as_of_month() }}

),

amounts as (

    select
        account_overlaps.as_of_month,
        account_overlaps.account_key,
        max(account_overlaps.our_open_pipeline_usd) as amount_usd
    from account_overlaps
    group by account_overlaps.as_of_month, account_overlaps.account_key

),

kept_amounts as (

    select
        opportunity_months.account_key,
        sum(opportunity_months.amount_usd) as amount_usd
    from {{ ref('fct_opportunity_months') }} as opportunity_months
    inner join previous_months on opportunity_months.as_of_month = previous_months.previous_month
    where opportunity_months.is_open
    group by opportunity_months.account_key

),

accounts_in_part as (

    select amounts.account_key
    from amounts
    inner join previous_months on amounts.as_of_month = previous_months.previous_month
    left join kept_amounts on amounts.account_key = kept_amounts.account_key
    where amounts.amount_usd <> coalesce(kept_amounts.amount_usd, 0)

),

moved as (

    select
        amounts.account_key,
        sum(
            case when amounts.as_of_month = {{ as_of_month() }} then amounts.amount_usd else -amounts.amount_usd end
        ) as amount_usd
    from amounts
    inner join previous_months on amounts.as_of_month in ({{ as_of_month() }}, previous_months.previous_month)
    group by amounts.account_key

),

caused as (

    select
        account_key,
        sum(amount_usd) as amount_usd
    from pipeline_changes
    where exists (select 1 from previous_months)
    group by account_key

),

final as (

    select
        coalesce(moved.account_key, caused.account_key) as account_key,
        coalesce(moved.amount_usd, 0) as moved_usd,
        coalesce(caused.amount_usd, 0) as caused_usd
    from moved
    full outer join caused on moved.account_key = caused.account_key

)

select final.*
from final
left join accounts_in_part on final.account_key = accounts_in_part.account_key
where final.moved_usd <> final.caused_usd and accounts_in_part.account_key is null
