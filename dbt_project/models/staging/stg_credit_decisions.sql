with credits as (

    select * from {{ source('raw', 'credits') }}
    where export_month <= {{ as_of_month() }}

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'credits'

),

-- A decision without a date counts from the end of the month it was delivered in.
typed as (

    select
        concat(credits.party_id, ':', trim(credits.opportunity_source_id)) as opportunity_key,
        mapped_partner.value as partner_id,
        lower(trim(credits.credit)) as credit,
        trim(credits.decided_by) as decided_by,
        coalesce(read_date(credits.decided_on, credits.date_order), last_day(credits.export_month)) as decided_on,
        {{ text_value('credits.reason') }} as reason,
        credits.export_month as delivered_month,
        credits.file_name,
        credits.sheet_name,
        credits.row_number
    from credits
    {{ join_mapped_values('credits', 'credits', ['partner']) }}

),

-- One file may be delivered again month after month: a decision is the same as long as person, day and answer are.
distinct_decisions as (

    select *
    from typed
    where partner_id is not null
    qualify row_number() over (
        partition by opportunity_key, partner_id, credit, decided_by, decided_on
        order by delivered_month, file_name, sheet_name, row_number
    ) = 1

),

-- The latest word counts; people who say different things on one day leave it to the rule.
weighed as (

    select
        *,
        decided_on = max(decided_on) over (partition by opportunity_key, partner_id) as is_latest,
        min(credit) over (partition by opportunity_key, partner_id, decided_on)
        <> max(credit) over (partition by opportunity_key, partner_id, decided_on) as is_contradicted
    from distinct_decisions

),

final as (

    select
        opportunity_key,
        partner_id,
        credit,
        decided_by,
        decided_on,
        reason,
        delivered_month,
        file_name,
        sheet_name,
        row_number,
        is_latest and is_contradicted as is_disputed,
        is_latest and not is_contradicted
        and row_number() over (
            partition by opportunity_key, partner_id, decided_on order by decided_by
        ) = 1 as is_in_force
    from weighed

)

select * from final
