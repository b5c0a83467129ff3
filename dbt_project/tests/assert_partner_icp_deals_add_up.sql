-- Fails for a partner and segment whose deals with the partner there and without are not those of the segment.
with partner_deals as (

    select
        partner_id,
        icp_segment,
        sum(closed_count) as closed_count,
        sum(won_count) as won_count
    from {{ ref('mart_partner_icp_deals') }}
    group by partner_id, icp_segment

),

deals as (

    select
        icp_segment,
        sum(closed_count) as closed_count,
        sum(won_count) as won_count
    from {{ ref('mart_icp_deals') }}
    group by icp_segment

)

select
    partner_deals.*,
    deals.closed_count as closed_count_of_segment,
    deals.won_count as won_count_of_segment
from partner_deals
inner join deals on partner_deals.icp_segment = deals.icp_segment
where
    partner_deals.closed_count is distinct from deals.closed_count
    or partner_deals.won_count is distinct from deals.won_count
