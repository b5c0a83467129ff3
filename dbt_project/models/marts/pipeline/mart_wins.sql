with opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome = 'won' and closed_on between {{ as_of_month() }} and {{ as_of_date() }} and not is_excluded

),

account_mappings as (

    select * from {{ ref('fct_account_mappings') }}

),

opportunity_partners as (

    select * from {{ ref('fct_opportunity_partners') }}

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
        opportunities.name,
        opportunities.owner,
        opportunities.closed_on,
        opportunities.amount_usd,
        opportunities.sales_cycle_days,
        account_mappings.partner_id,
        partners.name as partner_name,
        account_mappings.mapped_on,
        cast(opportunities.closed_on - account_mappings.mapped_on as integer) as days_from_mapping,
        cast(
            case
                when row_number() over (
                    partition by opportunities.opportunity_key
                    order by
                        coalesce(opportunity_partners.is_primary_credit, false) desc,
                        account_mappings.mapped_on asc,
                        account_mappings.partner_id asc
                ) = 1 then opportunities.amount_usd
                else 0
            end as decimal(38, 2)
        ) as counted_once_amount_usd,
        coalesce(opportunity_partners.attribution, 'none') as attribution,
        coalesce(opportunity_partners.is_primary_credit, false) as is_primary_credit
    from opportunities
    inner join account_mappings
        on
            opportunities.account_key = account_mappings.account_key
            and opportunities.closed_on >= account_mappings.mapped_on
    inner join partners on account_mappings.partner_id = partners.partner_id
    left join accounts on opportunities.account_key = accounts.account_key
    left join opportunity_partners
        on
            opportunities.opportunity_key = opportunity_partners.opportunity_key
            and account_mappings.partner_id = opportunity_partners.partner_id

)

select * from final
