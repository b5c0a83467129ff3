{%- set is_engaged -%}
case when last_engaged_on is null then false else last_engaged_on >= opportunities.created_on end
{%- endset -%}

with opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_open and not is_excluded

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

),

best_partners as (

    select * from {{ ref('mart_best_partners') }}

),

opportunity_partners as (

    select * from {{ ref('fct_opportunity_partners') }}

),

engagements as (

    select * from {{ ref('fct_engagements') }}
    where engaged_on <= {{ as_of_date() }} and partner_id is not null

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

last_engagements as (

    select
        account_key,
        partner_id,
        max(engaged_on) as last_engaged_on
    from engagements
    group by account_key, partner_id

),

final as (

    select
        -- the deal
        opportunities.opportunity_key,
        opportunities.source_id,
        opportunities.account_key,
        accounts.name as account_name,
        opportunities.name,
        opportunities.stage,
        opportunities.owner,
        opportunities.business_unit,
        opportunities.created_on,
        opportunities.expected_close_on,
        opportunities.amount_usd,
        -- the partner there
        account_overlaps.partner_id,
        partners.name as partner_name,
        account_overlaps.partner_status,
        priorities.relationship_strength_level as relationship_level,
        best_partners.best_partner_id is not null as is_best_partner,
        count(account_overlaps.partner_id) over (partition by opportunities.opportunity_key) as partner_count,
        -- what has come of it
        coalesce(opportunity_partners.attribution, 'none') as attribution,
        last_engagements.last_engaged_on,
        case
            when account_overlaps.partner_id is not null
                then {{ if_delivered('engagements', is_engaged) }}
        end as is_partner_engaged,
        -- money, on the best partner's row, or the only one of a deal without partner
        cast(
            case
                when best_partners.best_partner_id is not null or account_overlaps.partner_id is null
                    then opportunities.amount_usd
                else 0
            end as decimal(38, 2)
        ) as counted_once_amount_usd
    from opportunities
    left join accounts on opportunities.account_key = accounts.account_key
    left join account_overlaps on opportunities.account_key = account_overlaps.account_key
    left join partners on account_overlaps.partner_id = partners.partner_id
    left join priorities
        on
            account_overlaps.account_key = priorities.account_key
            and account_overlaps.partner_id = priorities.partner_id
    left join best_partners
        on
            account_overlaps.account_key = best_partners.account_key
            and account_overlaps.partner_id = best_partners.best_partner_id
    left join opportunity_partners
        on
            opportunities.opportunity_key = opportunity_partners.opportunity_key
            and account_overlaps.partner_id = opportunity_partners.partner_id
    left join last_engagements
        on
            account_overlaps.account_key = last_engagements.account_key
            and account_overlaps.partner_id = last_engagements.partner_id

)

select * from final
