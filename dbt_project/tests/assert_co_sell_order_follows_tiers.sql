-- Fails for an account and partner of the co-sell list that stands before one of a better tier.
with co_sell_list as (

    select * from {{ ref('mart_co_sell_list') }}

),

compared as (

    select
        co_sell_rank,
        tier,
        lag(tier) over (order by co_sell_rank) as tier_before
    from co_sell_list

)

select * from compared
where tier_before > tier
