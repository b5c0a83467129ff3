with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

partners as (

    select * from {{ ref('dim_partners') }}
    where list_status in ('current list', 'stale list')

),

statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

segments as (

    select
        lifecycle_status as segment,
        precedence as segment_order
    from statuses
    union all
    select
        'not in list' as segment,
        max(precedence) + 1 as segment_order
    from statuses

),

-- Every cell of every partner, the empty ones too: a matrix with holes cannot be read.
cells as (

    select
        partners.partner_id,
        our_segments.segment as our_segment,
        partner_segments.segment as partner_segment,
        our_segments.segment_order as our_segment_order,
        partner_segments.segment_order as partner_segment_order
    from partners
    cross join segments as our_segments
    cross join segments as partner_segments
    where not (our_segments.segment = 'not in list' and partner_segments.segment = 'not in list')

),

segmented as (

    select
        partner_id,
        is_excluded,
        our_record_count,
        partner_record_count,
        our_open_pipeline_usd,
        case when is_on_our_list then our_status else 'not in list' end as our_segment,
        case when is_on_partner_list then partner_status else 'not in list' end as partner_segment
    from account_overlaps

),

counted as (

    select
        partner_id,
        our_segment,
        partner_segment,
        count(*) as account_count,
        sum(case when is_excluded then 1 else 0 end) as excluded_account_count,
        sum(our_record_count) as our_record_count,
        sum(partner_record_count) as partner_record_count,
        sum(our_open_pipeline_usd) as our_open_pipeline_usd,
        sum(case when is_excluded then our_open_pipeline_usd else 0 end) as excluded_open_pipeline_usd
    from segmented
    group by partner_id, our_segment, partner_segment

),

final as (

    select
        cells.partner_id,
        cells.our_segment,
        cells.partner_segment,
        cells.our_segment_order,
        cells.partner_segment_order,
        cast(coalesce(counted.excluded_account_count, 0) as bigint) as excluded_account_count,
        cast(coalesce(counted.our_record_count, 0) as bigint) as our_record_count,
        cast(coalesce(counted.partner_record_count, 0) as bigint) as partner_record_count,
        cast({{ if_delivered('opportunities', 'coalesce(counted.our_open_pipeline_usd, 0)') }} as decimal(38, 2))
            as our_open_pipeline_usd,
        cast({{ if_delivered('opportunities', 'coalesce(counted.excluded_open_pipeline_usd, 0)') }} as decimal(38, 2))
            as excluded_open_pipeline_usd,
        cells.our_segment <> 'not in list' and cells.partner_segment <> 'not in list' as is_overlap,
        coalesce(counted.account_count, 0) as account_count
    from cells
    left join counted
        on
            cells.partner_id = counted.partner_id
            and cells.our_segment = counted.our_segment
            and cells.partner_segment = counted.partner_segment

)

select * from final
