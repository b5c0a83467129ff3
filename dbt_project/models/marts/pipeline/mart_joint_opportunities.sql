with opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open

),

opportunity_partners as (

    select * from {{ ref('fct_opportunity_partners') }}
    where attribution <> 'none'

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

final as (

    select
        opportunities.opportunity_key,
        opportunities.source_id,
        opportunities.account_key,
        accounts.name as account_name,
        opportunity_partners.partner_id,
        partners.name as partner_name,
        opportunities.name,
        opportunities.stage,
        opportunities.amount_usd,
        opportunities.win_probability,
        opportunities.our_role,
        opportunities.partner_role,
        opportunities.owner,
        opportunities.created_on,
        opportunities.expected_close_on,
        cast(
            case
                when opportunities.expected_close_on < {{ as_of_date() }}
                    then {{ as_of_date() }} - opportunities.expected_close_on
            end as integer
        ) as days_past_expected_close,
        opportunity_partners.attribution,
        opportunity_partners.is_primary_credit
    from opportunities
    inner join opportunity_partners on opportunities.opportunity_key = opportunity_partners.opportunity_key
    inner join partners on opportunity_partners.partner_id = partners.partner_id
    left join accounts on opportunities.account_key = accounts.account_key

)

select * from final
