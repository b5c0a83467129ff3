with priorities as (

    select * from {{ ref('fct_account_priorities') }}
    where as_of_month = {{ as_of_month() }}

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

contact_coverage as (

    select * from {{ ref('mart_contact_coverage') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome = 'won'

),

credits as (

    select * from {{ ref('fct_opportunity_partners') }}
    where is_primary_credit

),

statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

-- The track record: what we won with the partner in an industry.
segment_wins as (

    select
        credits.partner_id,
        accounts.industry,
        count(*) as win_count
    from credits
    inner join opportunities on credits.opportunity_key = opportunities.opportunity_key
    inner join accounts on opportunities.account_key = accounts.account_key
    where accounts.industry is not null
    group by credits.partner_id, accounts.industry

),

described as (

    select
        priorities.account_key,
        accounts.name as account_name,
        accounts.industry,
        priorities.partner_id,
        partners.name as partner_name,
        partners.status as partner_contract_status,
        priorities.relationship_strength_level as relationship_level,
        account_overlaps.partner_status,
        statuses.precedence as partner_status_precedence,
        contact_coverage.partner_person_count,
        case when priorities.relationship_strength_level is not null then priorities.relationship_strength_score end
            as relationship_score,
        {{ if_delivered(
            'opportunities', 'case when accounts.industry is not null then coalesce(segment_wins.win_count, 0) end'
        ) }} as segment_win_count
    from priorities
    inner join account_overlaps
        on
            priorities.account_key = account_overlaps.account_key
            and priorities.partner_id = account_overlaps.partner_id
    inner join accounts on priorities.account_key = accounts.account_key
    inner join partners on priorities.partner_id = partners.partner_id
    inner join statuses on account_overlaps.partner_status = statuses.lifecycle_status
    left join contact_coverage
        on
            priorities.account_key = contact_coverage.account_key
            and priorities.partner_id = contact_coverage.partner_id
    left join segment_wins
        on priorities.partner_id = segment_wins.partner_id and accounts.industry = segment_wins.industry

),

ranked as (

    select
        *,
        count(*) over (partition by account_key) as candidate_partner_count,
        row_number() over (
            partition by account_key
            order by
                relationship_score desc nulls last,
                partner_status_precedence asc,
                partner_person_count desc nulls last,
                segment_win_count desc nulls last,
                case partner_contract_status when 'signed' then 1 else 2 end asc,
                partner_id asc
        ) as partner_rank
    from described

),

final as (

    select
        account_key,
        account_name,
        partner_id as best_partner_id,
        partner_name as best_partner_name,
        relationship_level,
        partner_status,
        partner_person_count,
        segment_win_count,
        candidate_partner_count,
        concat(
            concat_ws(
                '; ',
                coalesce('Relationship ' || relationship_level, 'Relationship unknown'),
                'their status ' || replace(partner_status, '_', ' '),
                coalesce('persons they know ' || partner_person_count, 'no contacts sent'),
                coalesce(
                    'deals won with them in ' || replace(industry, '_', ' ') || ' ' || segment_win_count,
                    'industry unknown'
                ),
                case partner_contract_status when 'signed' then 'signed' else 'not signed yet' end
            ),
            case when candidate_partner_count = 1 then '; no other partner there.' else '.' end
        ) as why
    from ranked
    where partner_rank = 1

)

select * from final
