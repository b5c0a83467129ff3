with priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }} and target_state = 'target'

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

first_plays as (

    select * from {{ ref('fct_account_plays') }}
    where is_first

),

plays as (

    select * from {{ ref('plays') }}

),

ranked as (

    select
        *,
        row_number() over (order by tier asc, {{ priority_order() }}, partner_id asc) as co_sell_rank
    from priorities

),

final as (

    select
        ranked.co_sell_rank,
        ranked.account_key,
        accounts.name as account_name,
        ranked.partner_id,
        partners.name as partner_name,
        first_plays.play,
        plays.strategy,
        plays.what_to_do,
        first_plays.reason,
        ranked.tier,
        ranked.tier_basis,
        ranked.priority_score,
        account_overlaps.our_status,
        account_overlaps.partner_status,
        accounts.our_owner
    from ranked
    inner join account_overlaps
        on ranked.account_key = account_overlaps.account_key and ranked.partner_id = account_overlaps.partner_id
    inner join accounts on ranked.account_key = accounts.account_key
    inner join partners on ranked.partner_id = partners.partner_id
    left join first_plays
        on ranked.account_key = first_plays.account_key and ranked.partner_id = first_plays.partner_id
    left join plays on first_plays.play = plays.play

)

select * from final
