with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_plays as (

    select * from {{ ref('fct_account_plays') }}

),

plays as (

    select * from {{ ref('plays') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

),

contending_partners as (

    select distinct
        account_plays.account_key,
        account_plays.partner_id
    from account_plays
    inner join plays on account_plays.play = plays.play
    where plays.is_for_one_partner

),

sold_directly as (

    select distinct account_key
    from opportunities
    where is_open and owner is not null

),

conflicting_partners as (

    select
        account_key,
        partner_id,
        'several partners' as conflict_type
    from contending_partners
    qualify count(*) over (partition by account_key) >= 2
    union all
    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        'direct team' as conflict_type
    from account_overlaps
    inner join sold_directly on account_overlaps.account_key = sold_directly.account_key
    where account_overlaps.partner_status in ('open_opportunity', 'prospect')

),

conflicts as (

    select
        conflicting_partners.account_key,
        conflicting_partners.conflict_type,
        count(*) as partner_count,
        string_agg(partners.name, ', ' order by partners.name, partners.partner_id) as partner_names,
        row_number() over (
            partition by conflicting_partners.account_key
            order by conflicting_partners.conflict_type
        ) = 1 as is_pipeline_counted_here
    from conflicting_partners
    inner join partners on conflicting_partners.partner_id = partners.partner_id
    group by conflicting_partners.account_key, conflicting_partners.conflict_type

),

open_pipeline as (

    select
        account_key,
        max(our_open_pipeline_usd) as our_open_pipeline_usd
    from account_overlaps
    group by account_key

),

final as (

    select
        conflicts.account_key,
        accounts.name as account_name,
        conflicts.conflict_type,
        conflicts.partner_count,
        conflicts.partner_names,
        best_partners.best_partner_id,
        accounts.our_owner,
        open_pipeline.our_open_pipeline_usd,
        case
            when conflicts.is_pipeline_counted_here then open_pipeline.our_open_pipeline_usd
            when open_pipeline.our_open_pipeline_usd is not null then 0
        end as our_open_pipeline_counted_once_usd,
        concat(
            case conflicts.conflict_type
                when 'several partners' then 'Agree with them which one goes in first; '
                else coalesce(accounts.our_owner, 'Our owner') || ' agrees with them who leads before anybody calls; '
            end,
            best_partners.best_partner_name,
            case when conflicting_partners.partner_id is null then ', who is not among them,' end,
            ' is placed best.'
        ) as what_to_do
    from conflicts
    inner join accounts on conflicts.account_key = accounts.account_key
    inner join best_partners on conflicts.account_key = best_partners.account_key
    inner join open_pipeline on conflicts.account_key = open_pipeline.account_key
    left join conflicting_partners
        on
            conflicts.account_key = conflicting_partners.account_key
            and conflicts.conflict_type = conflicting_partners.conflict_type
            and best_partners.best_partner_id = conflicting_partners.partner_id

)

select * from final
