-- Fails for a pair of statuses that overlap_types does not have exactly once.
with statuses as (

    select lifecycle_status from {{ ref('lifecycle_statuses') }}

),

overlap_types as (

    select * from {{ ref('overlap_types') }}

),

pairs as (

    select
        our_statuses.lifecycle_status as our_status,
        partner_statuses.lifecycle_status as partner_status
    from statuses as our_statuses
    cross join statuses as partner_statuses

),

counted as (

    select
        pairs.our_status,
        pairs.partner_status,
        count(overlap_types.category) as row_count
    from pairs
    left join overlap_types
        on
            pairs.our_status = overlap_types.our_status
            and pairs.partner_status = overlap_types.partner_status
    group by pairs.our_status, pairs.partner_status

)

select * from counted
where row_count <> 1
