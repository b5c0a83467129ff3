with opportunity_months as (

    select * from {{ ref('fct_opportunity_months') }}
    where as_of_month <= {{ as_of_month() }}

),

pipeline_movements as (

    select * from {{ ref('fct_pipeline_movements') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

partners_and_all as (

    select
        partner_id,
        name as partner_name
    from partners
    union all
    select
        'all' as partner_id,
        'All partners' as partner_name

),

movement_kinds as (

    select
        kinds.movement,
        kinds.movement_number
    from (
        values
        ('opening', 1),
        ('new', 2),
        ('reopened', 3),
        ('re-attributed', 4),
        ('re-priced', 5),
        ('revalued', 6),
        ('slipped', 7),
        ('won', 8),
        ('lost', 9),
        ('gone', 10),
        ('closing', 11)
    ) as kinds (movement, movement_number)

),

months as (

    {{ kept_months('opportunity_months') }}

),

open_pipeline as (

    select
        as_of_month,
        opportunity_key,
        primary_partner_id as partner_id,
        amount_usd
    from opportunity_months
    where is_open and primary_partner_id is not null

),

steps as (

    select
        months.as_of_month,
        open_pipeline.partner_id,
        'opening' as movement,
        open_pipeline.opportunity_key,
        open_pipeline.amount_usd,
        cast(null as integer) as open_opportunity_change
    from months
    inner join open_pipeline on months.previous_month = open_pipeline.as_of_month
    union all
    select
        as_of_month,
        partner_id,
        movement,
        opportunity_key,
        amount_usd,
        open_opportunity_change
    from pipeline_movements
    union all
    select
        as_of_month,
        partner_id,
        'closing' as movement,
        opportunity_key,
        amount_usd,
        null as open_opportunity_change
    from open_pipeline

),

-- Under its partner and once for all, where a deal that went from one partner to another has moved nothing.
steps_of_scopes as (

    select * from steps
    union all
    select * replace ('all' as partner_id)
    from steps

),

summed as (

    select
        as_of_month,
        partner_id,
        movement,
        count(distinct opportunity_key) as opportunity_count,
        count(distinct opportunity_key) filter (where amount_usd is null) as unpriced_opportunity_count,
        sum(open_opportunity_change) as open_opportunity_change,
        coalesce(sum(amount_usd), 0) as amount_usd
    from steps_of_scopes
    group by as_of_month, partner_id, movement

),

scopes as (

    select
        as_of_month,
        partner_id
    from summed
    union
    select
        as_of_month,
        'all' as partner_id
    from months

),

-- Of the first month nobody knows from where it came.
wanted as (

    select
        scopes.as_of_month,
        months.previous_month,
        scopes.partner_id,
        movement_kinds.movement,
        movement_kinds.movement_number
    from scopes
    inner join months on scopes.as_of_month = months.as_of_month
    cross join movement_kinds
    where months.previous_month is not null or movement_kinds.movement = 'closing'

),

final as (

    select
        -- keys
        wanted.as_of_month,
        wanted.previous_month,
        wanted.partner_id,
        partners_and_all.partner_name,
        wanted.movement,
        wanted.movement_number,
        -- how many
        cast(coalesce(summed.opportunity_count, 0) as bigint) as opportunity_count,
        cast(coalesce(summed.unpriced_opportunity_count, 0) as bigint) as unpriced_opportunity_count,
        cast(
            case
                when wanted.movement not in ('opening', 'closing') then coalesce(summed.open_opportunity_change, 0)
            end as bigint
        ) as open_opportunity_change,
        -- how much
        cast(coalesce(summed.amount_usd, 0) as decimal(38, 2)) as amount_usd
    from wanted
    left join summed
        on
            wanted.as_of_month = summed.as_of_month
            and wanted.partner_id = summed.partner_id
            and wanted.movement = summed.movement
    left join partners_and_all on wanted.partner_id = partners_and_all.partner_id

)

select * from final
