with account_priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

account_plays as (

    select * from {{ ref('fct_account_plays') }}

),

plays as (

    select * from {{ ref('plays') }}

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}
    where party_id = 'us'

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

plays_of_pairs as (

    select
        account_key,
        partner_id,
        string_agg(play, '; ' order by play_number) as plays,
        min_by(play, play_number) as first_play
    from account_plays
    group by account_key, partner_id

),

final as (

    select
        account_records.source_id,
        account_records.business_unit,
        account_overlaps.partner_id,
        partners.name as partner_name,
        accounts.name as account_name,
        account_overlaps.category,
        account_overlaps.overlap_type,
        account_overlaps.our_status,
        account_overlaps.partner_status,
        account_overlaps.mapped_on,
        plays_of_pairs.plays,
        plays.strategy,
        account_priorities.tier,
        account_priorities.priority_score,
        account_priorities.priority_rank,
        account_priorities.is_top,
        account_priorities.target_state,
        account_overlaps.as_of_month,
        {{ id_in_unit('account_records.source_id', 'account_records.business_unit') }} as id_in_unit,
        best_partners.best_partner_id = account_overlaps.partner_id as is_best_partner
    from account_priorities
    inner join account_overlaps
        on
            account_priorities.account_key = account_overlaps.account_key
            and account_priorities.partner_id = account_overlaps.partner_id
    inner join account_records on account_priorities.account_key = account_records.account_key
    inner join accounts on account_priorities.account_key = accounts.account_key
    inner join partners on account_priorities.partner_id = partners.partner_id
    inner join best_partners on account_priorities.account_key = best_partners.account_key
    left join plays_of_pairs
        on
            account_priorities.account_key = plays_of_pairs.account_key
            and account_priorities.partner_id = plays_of_pairs.partner_id
    left join plays on plays_of_pairs.first_play = plays.play

)

select * from final
