with closed_quarters as (

    select * from {{ ref('dim_closed_quarters') }}
    where is_of_todays_calendar

),

kpis as (

    select * from {{ ref('kpis') }}

),

seen_quarters as (

    select distinct quarter_start from {{ ref('stg_seen_quarter_figures') }}

),

seen_rows as (

    select * from {{ ref('stg_seen_quarter_rows') }}

),

kpi_row_months as (

    select * from {{ ref('fct_kpi_row_months') }}

),

kpi_rows as (

    select * from {{ ref('fct_kpi_rows') }}

),

opportunity_months as (

    select * from {{ ref('fct_opportunity_months') }}

),

changes_of_overlaps as (

    select * from {{ ref('mart_what_changed') }}
    where cause <> 'restatement' and change_type in ('new', 'gone', 'match') and as_of_month <= {{ as_of_month() }}

),

-- Nothing is reported of a partner whose lists may not be read any more.
partners as (

    select party_id as partner_id from {{ ref('stg_partners') }}
    where may_be_built

),

partners_and_all as (

    select partner_id from partners
    union all
    select 'all' as partner_id

),

-- The quarter's last month, as it stands now.
rows_of_month as (

    select kpi_row_months.*
    from kpi_row_months
    inner join closed_quarters
        on
            kpi_row_months.quarter_start = closed_quarters.quarter_start
            and kpi_row_months.as_of_month = closed_quarters.reported_in_month

),

rows_reported as (

    select seen_rows.*
    from seen_rows
    inner join closed_quarters on seen_rows.quarter_start = closed_quarters.quarter_start
    union all by name
    select rows_of_month.*
    from rows_of_month
    left join seen_quarters on rows_of_month.quarter_start = seen_quarters.quarter_start
    where seen_quarters.quarter_start is null

),

rows_today as (

    select kpi_rows.*
    from kpi_rows
    inner join closed_quarters on kpi_rows.quarter_start = closed_quarters.quarter_start

),

-- In two steps: what loading the month again has made of what was reported, and what has come since the month.
rows_before as (

    select
        *,
        true as is_restatement
    from rows_reported
    union all by name
    select
        *,
        false as is_restatement
    from rows_of_month

),

rows_after as (

    select
        *,
        true as is_restatement
    from rows_of_month
    union all by name
    select
        *,
        false as is_restatement
    from rows_today

),

compared as (

    select
        rows_before.amount_usd as from_amount_usd,
        rows_after.amount_usd as to_amount_usd,
        rows_after.counted_on as counted_on_after,
        coalesce(rows_before.is_restatement, rows_after.is_restatement) as is_restatement,
        coalesce(rows_before.quarter_start, rows_after.quarter_start) as quarter_start,
        coalesce(rows_before.partner_id, rows_after.partner_id) as partner_id,
        coalesce(rows_before.kpi, rows_after.kpi) as kpi,
        coalesce(rows_before.counted_key, rows_after.counted_key) as counted_key,
        case
            when rows_before.counted_key is null then 'added'
            when rows_after.counted_key is null then 'removed'
            else 'changed'
        end as change_type
    from rows_before
    full outer join rows_after
        on
            rows_before.is_restatement = rows_after.is_restatement
            and rows_before.quarter_start = rows_after.quarter_start
            and rows_before.partner_id = rows_after.partner_id
            and rows_before.kpi = rows_after.kpi
            and rows_before.counted_key = rows_after.counted_key
    where
        rows_before.counted_key is null
        or rows_after.counted_key is null
        or (rows_before.amount_usd is distinct from rows_after.amount_usd)

),

differing as (

    select
        compared.*,
        closed_quarters.fiscal_quarter,
        closed_quarters.reported_in_month,
        closed_quarters.reported_on,
        kpis.unit
    from compared
    inner join closed_quarters on compared.quarter_start = closed_quarters.quarter_start
    inner join kpis on compared.kpi = kpis.kpi
    inner join partners_and_all on compared.partner_id = partners_and_all.partner_id

),

-- What a partner that may still be shown had counted then.
counted_for_partners as (

    select distinct
        rows_of_month.quarter_start,
        rows_of_month.kpi,
        rows_of_month.counted_key
    from rows_of_month
    inner join partners on rows_of_month.partner_id = partners.partner_id

),

deals_then as (

    select opportunity_months.*
    from opportunity_months
    inner join closed_quarters on opportunity_months.as_of_month = closed_quarters.reported_in_month

),

deals_now as (

    select * from opportunity_months
    where as_of_month = {{ as_of_month() }}

),

causes_of_overlaps as (

    select
        differing.quarter_start,
        differing.partner_id,
        differing.kpi,
        differing.counted_key,
        max_by(
            changes_of_overlaps.cause, row(changes_of_overlaps.as_of_month, changes_of_overlaps.cause)
        ) as cause
    from differing
    inner join changes_of_overlaps
        on
            differing.counted_key = changes_of_overlaps.account_key
            and differing.partner_id in ('all', changes_of_overlaps.partner_id)
            and differing.reported_in_month < changes_of_overlaps.as_of_month
    where
        differing.kpi = 'accounts_mapped'
        or (differing.kpi = 'accounts_engaged' and changes_of_overlaps.change_type = 'match')
    group by differing.quarter_start, differing.partner_id, differing.kpi, differing.counted_key

),

described as (

    select
        differing.*,
        causes_of_overlaps.cause as cause_of_overlap,
        deals_then.opportunity_key is not null as was_listed,
        deals_now.opportunity_key is not null as is_listed,
        (deals_then.amount is not distinct from deals_now.amount)
        and (deals_then.currency is not distinct from deals_now.currency) as has_same_price,
        (deals_then.created_on is distinct from deals_now.created_on)
        or (deals_then.recorded_claims is distinct from deals_now.recorded_claims) as has_other_claim,
        differing.kpi <> 'pipeline_generated_usd'
        and (
            (deals_then.outcome is distinct from deals_now.outcome)
            or (deals_then.closed_on is distinct from deals_now.closed_on)
        ) as has_other_close,
        deals_then.is_excluded <> deals_now.is_excluded
        or (deals_then.decided_credits is distinct from deals_now.decided_credits) as has_other_decision,
        deals_then.rule_valid_from <> deals_now.rule_valid_from as has_other_rule,
        deals_now.credit_mapped_on > deals_then.as_of_on as is_mapped_since,
        deals_now.credit_engaged_on > deals_then.as_of_on as is_engaged_since,
        differing.partner_id = 'all'
        and differing.change_type = 'removed'
        and counted_for_partners.counted_key is null as has_lost_its_partner
    from differing
    left join counted_for_partners
        on
            differing.quarter_start = counted_for_partners.quarter_start
            and differing.kpi = counted_for_partners.kpi
            and differing.counted_key = counted_for_partners.counted_key
    left join deals_then
        on
            differing.counted_key = deals_then.opportunity_key
            and differing.reported_in_month = deals_then.as_of_month
    left join deals_now on differing.counted_key = deals_now.opportunity_key
    left join causes_of_overlaps
        on
            differing.quarter_start = causes_of_overlaps.quarter_start
            and differing.partner_id = causes_of_overlaps.partner_id
            and differing.kpi = causes_of_overlaps.kpi
            and differing.counted_key = causes_of_overlaps.counted_key

),

-- The first that applies, most specific first: the month itself, the quarter's end, the partner, then what was counted.
explained as (

    select
        *,
        case
            when is_restatement then 'restatement'
            when change_type = 'added' and counted_on_after > reported_on then 'after the report'
            when has_lost_its_partner then 'partner withdrew'
            when kpi = 'accounts_mapped' then coalesce(cause_of_overlap, 'other evidence')
            when kpi in ('accounts_engaged', 'joint_meetings_held') then coalesce(cause_of_overlap, 'engagement')
            when not was_listed and change_type <> 'added' then 'partner withdrew'
            when not was_listed then 'new record'
            when not is_listed then 'record gone'
            when change_type = 'changed' and has_same_price then 'exchange rate'
            when change_type = 'changed' then 'changed record'
            when has_other_decision then 'decision'
            when has_other_claim or has_other_close then 'changed record'
            when has_other_rule then 'rule version'
            when is_mapped_since then 'mapping'
            when is_engaged_since then 'engagement'
            else 'other evidence'
        end as cause
    from described

),

final as (

    select
        -- keys
        quarter_start,
        fiscal_quarter,
        reported_in_month,
        partner_id,
        kpi,
        counted_key,
        is_restatement,
        -- the change
        change_type,
        cause,
        from_amount_usd,
        to_amount_usd,
        cast(
            case
                when unit = 'usd' then coalesce(to_amount_usd, 0) - coalesce(from_amount_usd, 0)
                when change_type = 'added' then 1
                else -1
            end as decimal(38, 2)
        ) as value_change
    from explained

)

select * from final
