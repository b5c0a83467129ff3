with opportunity_months as (

    select * from {{ ref('fct_opportunity_months') }}
    where as_of_month <= {{ as_of_month() }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where is_on_our_list

),

months as (

    {{ kept_months('opportunity_months') }}

),

first_months as (

    select
        opportunity_key,
        min(as_of_month) as first_month
    from opportunity_months
    group by opportunity_key

),

states_now as (

    select
        opportunity_months.*,
        months.previous_month
    from opportunity_months
    inner join months on opportunity_months.as_of_month = months.as_of_month
    where months.previous_month is not null and opportunity_months.account_key is not null

),

states_before as (

    select
        opportunity_months.* replace (months.as_of_month as as_of_month),
        months.previous_month
    from opportunity_months
    inner join months on opportunity_months.as_of_month = months.previous_month
    where opportunity_months.account_key is not null

),

-- A deal that went to another account has a row of each: there it is gone, here it came.
compared as (

    select
        coalesce(states_now.as_of_month, states_before.as_of_month) as as_of_month,
        coalesce(states_now.previous_month, states_before.previous_month) as previous_month,
        coalesce(states_now.opportunity_key, states_before.opportunity_key) as opportunity_key,
        coalesce(states_now.account_key, states_before.account_key) as account_key,
        states_before.opportunity_key is not null as was_listed,
        states_now.opportunity_key is not null as is_listed,
        coalesce(states_before.is_open and states_now.is_open, false)
        and (states_before.amount is not distinct from states_now.amount)
        and (states_before.currency is not distinct from states_now.currency) as has_same_price,
        case when states_now.is_open then coalesce(states_now.amount_usd, 0) else 0 end
        - case when states_before.is_open then coalesce(states_before.amount_usd, 0) else 0 end as amount_usd
    from states_before
    full outer join states_now
        on
            states_before.as_of_month = states_now.as_of_month
            and states_before.opportunity_key = states_now.opportunity_key
            and states_before.account_key = states_now.account_key

),

-- A partner that withdrew takes the months of its deals along; what came after them at the account has no cause then.
kept_amounts as (

    select
        as_of_month,
        account_key,
        sum(amount_usd) filter (where is_open) as amount_usd
    from opportunity_months
    group by as_of_month, account_key

),

account_months_in_part as (

    select distinct
        account_overlaps.as_of_month,
        account_overlaps.account_key
    from account_overlaps
    left join kept_amounts
        on
            account_overlaps.as_of_month = kept_amounts.as_of_month
            and account_overlaps.account_key = kept_amounts.account_key
    where account_overlaps.our_open_pipeline_usd <> coalesce(kept_amounts.amount_usd, 0)

),

counted as (

    select
        *,
        count(*) over (partition by as_of_month, opportunity_key) as account_count
    from compared

),

explained as (

    select
        counted.*,
        case
            when counted.account_count > 1 then 'changed record'
            when not counted.is_listed then 'record gone'
            when not counted.was_listed and first_months.first_month < counted.as_of_month then 'record came back'
            when not counted.was_listed then 'new record'
            when counted.has_same_price then 'exchange rate'
            else 'changed record'
        end as cause
    from counted
    inner join first_months on counted.opportunity_key = first_months.opportunity_key
    left join account_months_in_part
        on
            counted.previous_month = account_months_in_part.as_of_month
            and counted.account_key = account_months_in_part.account_key
    where counted.amount_usd <> 0 and account_months_in_part.account_key is null

),

summed as (

    select
        as_of_month,
        previous_month,
        account_key,
        cause,
        cast(sum(amount_usd) as decimal(38, 2)) as amount_usd,
        count(*) as opportunity_count
    from explained
    group by as_of_month, previous_month, account_key, cause

),

final as (

    select
        -- keys
        as_of_month,
        previous_month,
        account_key,
        cause,
        -- the change
        opportunity_count,
        amount_usd,
        row_number() over (partition by as_of_month, account_key order by abs(amount_usd) desc, cause) = 1 as is_largest
    from summed

)

select * from final
