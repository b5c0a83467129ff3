with opportunities as (

    select * from {{ source('raw', 'opportunities') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'opportunities'

),

mapped_values as (

    select * from {{ ref('stg_mapped_values') }}
    where object = 'opportunities'

),

exchange_rates as (

    select * from {{ ref('stg_exchange_rates') }}

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

account_ids as (

    select * from {{ ref('stg_account_ids') }}

),

refused_columns as (

    {{ refused_columns('opportunities', [
        'amount', 'probability', 'lead_date', 'created_date', 'expected_close_date', 'closed_date',
        'partner_recorded_date', 'is_closed', 'is_won',
    ]) }}

),

current_opportunities as (

    select
        opportunities.*,
        current_exports.is_stale
    from opportunities
    inner join current_exports
        on
            opportunities.party_id = current_exports.party_id
            and opportunities.export_month = current_exports.export_month

),

unique_account_names as (

    {{ unique_account_names('current_opportunities') }}

),

typed as (

    select
        current_opportunities.*,
        {{ linked_record_key() }} as account_record_key,
        mapped_stage.value as mapped_stage,
        mapped_stage.is_mapped as is_stage_mapped,
        mapped_outcome.value as mapped_outcome,
        mapped_outcome.is_mapped as is_outcome_mapped,
        -- an outcome that is stated, and that nobody understands, is not overruled by the stage
        coalesce(mapped_outcome.is_mapped, true) as may_follow_stage,
        mapped_our_role.value as mapped_our_role,
        mapped_partner_role.value as mapped_partner_role,
        mapped_sourced_by_partner.all_values as sourced_by_partner_ids,
        mapped_influenced_by_partner.all_values as influenced_by_partner_ids,
        read_amount({{ accepted('current_opportunities', 'amount') }}, current_opportunities.decimal_mark)
            as read_amount_value,
        {{ amount_currency('current_opportunities', 'amount') }} as amount_currency,
        read_amount(
            replace({{ accepted('current_opportunities', 'probability') }}, '%', ''), current_opportunities.decimal_mark
        ) as read_probability,
        read_date({{ accepted('current_opportunities', 'lead_date') }}, current_opportunities.date_order) as lead_on,
        read_date({{ accepted('current_opportunities', 'created_date') }}, current_opportunities.date_order)
            as created_on,
        read_date({{ accepted('current_opportunities', 'expected_close_date') }}, current_opportunities.date_order)
            as expected_close_on,
        read_date({{ accepted('current_opportunities', 'closed_date') }}, current_opportunities.date_order)
            as stated_closed_on,
        read_boolean({{ accepted('current_opportunities', 'is_closed') }}) as read_is_closed,
        read_boolean({{ accepted('current_opportunities', 'is_won') }}) as read_is_won,
        read_dates({{ accepted('current_opportunities', 'partner_recorded_date') }}, current_opportunities.date_order)
            as partner_recorded_on
    from current_opportunities
    {{ join_refused_columns('current_opportunities') }}
    {{ join_account_links('current_opportunities') }}
    {{ join_mapped_values('current_opportunities', 'opportunities', [
        'stage', 'outcome', 'our_role', 'partner_role', 'currency', 'sourced_by_partner', 'influenced_by_partner',
    ]) }}

),

-- Outcome as stated, else as its stage says; where nobody mapped the stage, the source system's own flags decide, and
-- without them it is not known. An opportunity that states nothing at all is open until it has a closed date.
with_outcome as (

    select
        *,
        case
            when mapped_outcome is not null then mapped_outcome
            when may_follow_stage and mapped_stage = 'closed_won' then 'won'
            when may_follow_stage and mapped_stage = 'closed_lost' then 'lost'
            when may_follow_stage and mapped_stage is not null then 'open'
            when read_is_won then 'won'
            when read_is_closed then case when read_is_won is not null then 'lost' end
            when not read_is_closed then 'open'
            when not is_outcome_mapped or not is_stage_mapped then null
            when stated_closed_on is null then 'open'
        end as final_outcome
    from typed

),

-- Most source systems have one closing date: of a closed opportunity it is the day it closed, unless that day is still
-- to come, which nobody can have known. An open one has not closed, whatever day was left in it when it was reopened.
with_closing_day as (

    select
        * exclude (expected_close_on),
        case
            when final_outcome = 'open' then null
            when stated_closed_on is not null then stated_closed_on
            when final_outcome in ('won', 'lost') and expected_close_on <= last_day(export_month)
                then expected_close_on
        end as closed_on,
        case
            when expected_close_on is not null then expected_close_on
            when final_outcome = 'open' and stated_closed_on > last_day(export_month) then stated_closed_on
        end as expected_close_on
    from with_outcome

),

-- A closed opportunity is worth what it was on the day it closed, an open one what it is in its export's month.
dated as (

    select
        *,
        case when final_outcome in ('won', 'lost') then coalesce(closed_on, export_month) else export_month end
            as rate_on
    from with_closing_day

),

final as (

    select
        -- keys
        concat(dated.party_id, ':', dated.source_id) as opportunity_key,
        dated.party_id,
        dated.source_id,
        dated.account_record_key,
        {{ text_value('dated.account_source_id') }} as account_source_id,
        {{ text_value('dated.account_name') }} as account_name,
        -- the opportunity
        {{ text_value('dated.name') }} as name,
        dated.mapped_stage as stage,
        dated.final_outcome as outcome,
        dated.final_outcome = 'open' as is_open,
        dated.read_amount_value as amount,
        dated.amount_currency as currency,
        dated.rate_on,
        amount_rate.usd_per_unit,
        {{ amount_in_usd('dated.read_amount_value', 'amount_rate.usd_per_unit') }} as amount_usd,
        -- `40%` and 40 are 0.4; a number up to 1 without a percent sign is a rate already
        cast(
            case
                when replace(dated.probability, '%', '') <> dated.probability or dated.read_probability > 1
                    then dated.read_probability / 100
                else dated.read_probability
            end as decimal(5, 4)
        ) as win_probability,
        dated.mapped_our_role as our_role,
        dated.mapped_partner_role as partner_role,
        dated.sourced_by_partner_ids,
        dated.influenced_by_partner_ids,
        dated.partner_recorded_on,
        {{ text_value('dated.owner') }} as owner,
        {{ text_value('dated.business_unit') }} as business_unit,
        dated.lead_on,
        dated.created_on,
        dated.expected_close_on,
        dated.closed_on,
        dated.stated_closed_on,
        -- the delivery
        dated.export_month,
        dated.is_stale,
        dated.identical_row_count,
        dated.file_name,
        dated.sheet_name,
        dated.row_number,
        dated.source_system,
        dated.currency as delivered_currency
    from dated
    {{ join_exchange_rate('amount_rate', 'dated.amount_currency', 'dated.rate_on') }}

)

select * from final
