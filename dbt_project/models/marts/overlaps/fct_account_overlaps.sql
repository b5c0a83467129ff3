{{ history() }}

with account_parties as (

    select * from {{ ref('bridge_account_parties') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

partners_themselves as (

    select * from {{ ref('bridge_partner_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}
    where list_status in ('current list', 'stale list')

),

overlap_types as (

    select * from {{ ref('overlap_types') }}

),

statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

account_groups as (

    select * from {{ ref('res_account_groups') }}

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}
    where party_id = 'us' and is_open

),

-- What earlier months have shown already; empty on the first run.
earlier_overlaps as (

    {% if is_incremental() %}
    select
        account_key,
        partner_id,
        min(mapped_on) as mapped_on
    from {{ this }}
    where as_of_month < {{ as_of_month() }} and is_overlap
    group by account_key, partner_id
    {% else %}
    select
        cast(null as varchar) as account_key,
        cast(null as varchar) as partner_id,
        cast(null as date) as mapped_on
    where false
    {% endif %}

),

our_accounts as (

    select * from account_parties
    where party_id = 'us'

),

partner_accounts as (

    select account_parties.*
    from account_parties
    inner join partners on account_parties.party_id = partners.partner_id

),

our_account_partners as (

    select
        our_accounts.*,
        partners.partner_id
    from our_accounts
    cross join partners

),

open_pipeline as (

    select
        account_records.account_key,
        cast(coalesce(sum(opportunities.amount_usd), 0) as decimal(38, 2)) as open_pipeline_usd,
        count(*) as open_opportunity_count
    from opportunities
    inner join account_records on opportunities.account_record_key = account_records.record_key
    group by account_records.account_key

),

-- An exclusion for this partner or for all; the reason shown is that of the widest, then the oldest.
numbered_exclusions as (

    select
        account_exclusions.account_key,
        partners.partner_id,
        account_exclusions.exclusion_id,
        account_exclusions.reason,
        row_number() over (
            partition by account_exclusions.account_key, partners.partner_id
            order by
                account_exclusions.is_undecided,
                case when account_exclusions.partner_id is null then 1 else 2 end,
                account_exclusions.since nulls first,
                account_exclusions.exclusion_id
        ) as exclusion_number
    from account_exclusions
    inner join partners
        on account_exclusions.partner_id is null or account_exclusions.partner_id = partners.partner_id

),

exclusions as (

    select * from numbered_exclusions
    where exclusion_number = 1

),

-- Every account of either side, once per partner.
both_sides as (

    select
        greatest(ours.delivered_on, theirs.delivered_on) as second_list_on,
        coalesce(ours.account_key, theirs.account_key) as account_key,
        coalesce(ours.partner_id, theirs.party_id) as partner_id,
        ours.account_key is not null as is_on_our_list,
        theirs.account_key is not null as is_on_partner_list,
        ours.account_key is not null and theirs.account_key is not null as is_overlap,
        coalesce(ours.lifecycle_status, 'none') as our_status,
        coalesce(theirs.lifecycle_status, 'none') as partner_status,
        coalesce(ours.record_count, 0) as our_record_count,
        coalesce(theirs.record_count, 0) as partner_record_count,
        coalesce(ours.is_partner, false) as is_partner
    from our_account_partners as ours
    full outer join partner_accounts as theirs
        on ours.account_key = theirs.account_key and ours.partner_id = theirs.party_id

),

categorised as (

    select
        both_sides.* replace (
            both_sides.is_partner or partners_themselves.account_key is not null as is_partner
        ),
        partners.status as partner_contract_status,
        exclusions.exclusion_id,
        exclusions.reason as exclusion_reason,
        statuses.precedence as partner_status_precedence,
        partners.list_status = 'stale list' as is_partner_list_stale,
        exclusions.exclusion_id is not null as is_excluded,
        case when exclusions.exclusion_id is null then overlap_types.overlap_type else 'none' end as overlap_type,
        case when exclusions.exclusion_id is null then overlap_types.category else 'excluded' end as category,
        case when exclusions.exclusion_id is null then overlap_types.play else 'none' end as play,
        {{ if_delivered('opportunities', 'coalesce(open_pipeline.open_opportunity_count, 0)') }}
            as our_open_opportunity_count,
        {{ if_delivered('opportunities', 'coalesce(open_pipeline.open_pipeline_usd, 0)') }} as our_open_pipeline_usd
    from both_sides
    inner join partners on both_sides.partner_id = partners.partner_id
    inner join overlap_types
        on both_sides.our_status = overlap_types.our_status and both_sides.partner_status = overlap_types.partner_status
    inner join statuses on both_sides.partner_status = statuses.lifecycle_status
    left join exclusions
        on both_sides.account_key = exclusions.account_key and both_sides.partner_id = exclusions.partner_id
    left join open_pipeline on both_sides.account_key = open_pipeline.account_key
    left join partners_themselves
        on
            both_sides.account_key = partners_themselves.account_key
            and both_sides.partner_id = partners_themselves.partner_id

),

-- The pipeline of an account counts on exactly one of its rows: where it overlaps and is not excluded, with the
-- partner who knows it best, signed before candidate. This is bookkeeping, not credit.
pipeline_rows as (

    select
        account_key,
        min_by(
            partner_id,
            row(
                case when is_overlap and not is_excluded then 1 when is_overlap then 2 else 3 end,
                partner_status_precedence,
                case when partner_contract_status = 'signed' then 1 else 2 end,
                partner_id
            )
        ) as partner_id
    from categorised
    group by account_key

),

with_pipeline_row as (

    select
        categorised.*,
        categorised.partner_id = pipeline_rows.partner_id as is_pipeline_counted_here
    from categorised
    left join pipeline_rows on categorised.account_key = pipeline_rows.account_key

),

final as (

    select
        {{ as_of_month() }} as as_of_month,
        pairs.account_key,
        account_groups.group_key,
        pairs.partner_id,
        -- the two sides
        pairs.is_on_our_list,
        pairs.is_on_partner_list,
        pairs.is_overlap,
        pairs.our_status,
        pairs.partner_status,
        pairs.our_record_count,
        pairs.partner_record_count,
        pairs.is_partner,
        pairs.is_partner_list_stale,
        -- what it means
        pairs.overlap_type,
        pairs.category,
        pairs.play,
        pairs.is_excluded,
        pairs.exclusion_id,
        pairs.exclusion_reason,
        -- since when
        case
            when pairs.is_overlap
                then least(pairs.second_list_on, coalesce(earlier_overlaps.mapped_on, pairs.second_list_on))
        end as mapped_on,
        -- money
        pairs.our_open_opportunity_count,
        cast(pairs.our_open_pipeline_usd as decimal(38, 2)) as our_open_pipeline_usd,
        pairs.is_pipeline_counted_here,
        cast(
            {{ if_delivered(
                'opportunities', 'case when pairs.is_pipeline_counted_here then pairs.our_open_pipeline_usd else 0 end'
            ) }} as decimal(38, 2)
        ) as our_open_pipeline_counted_once_usd
    from with_pipeline_row as pairs
    left join account_groups on pairs.account_key = account_groups.account_key
    left join earlier_overlaps
        on pairs.account_key = earlier_overlaps.account_key and pairs.partner_id = earlier_overlaps.partner_id

)

select * from final
