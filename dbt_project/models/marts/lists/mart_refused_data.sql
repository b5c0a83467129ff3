{%- set bounds = var('plausible_sizes') -%}

with refusals as (

    select * from {{ ref('stg_refusals') }}

),

unmapped_values as (

    select * from {{ ref('stg_unmapped_values') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}

),

idle_entries as (

    select * from {{ ref('fct_idle_entries') }}

),

withheld_values as (

    select * from {{ ref('res_withheld_values') }}

),

delivered_accounts as (

    select * from {{ ref('stg_accounts') }}

),

golden_accounts as (

    select * from {{ ref('dim_accounts') }}

),

circular_mergers as (

    select * from {{ ref('stg_merged_ids') }}
    where is_circular

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}

),

unlinked_rows as (

    {% for object in ['opportunities', 'engagements', 'contacts'] %}
    select
        party_id,
        '{{ object }}' as object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        source_id,
        account_source_id,
        account_name
    from {{ ref('stg_' ~ object) }}
    where account_record_key is null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A reason says where to look, by row and known header, and then quotes what it is about.
placed_refusals as (

    select
        *,
        regexp_extract(reason, '^Row [0-9]+, column ''[^'']*'': ') as place
    from refusals

),

-- What a list of contacts or engagements holds names persons, and this table is for everybody: file and row say where
-- to look. Nothing is left of a reason's quotation from its first mark to the last; nor of that of any other list's
-- value which landing does not show.
refused_on_delivery as (

    select
        * exclude (place) replace (
            case when object not in ('contacts', 'engagements') then delivered end as delivered,
            case
                when
                    object in ('contacts', 'engagements') and refused in ('file', 'row', 'value')
                    or refused = 'value' and delivered is null
                    then
                        concat(
                            place, regexp_replace(substr(reason, length(place) + 1), '''.*''', '''…''', 's')
                        )
                else reason
            end as reason
        )
    from placed_refusals

),

-- A currency that landing has refused by row and column is not listed a second time.
refused_currencies as (

    select distinct
        party_id,
        object,
        delivered
    from refusals
    where refused = 'value' and column_name = 'currency'

),

not_mapped as (

    select
        'unmapped value' as refused,
        unmapped_values.party_id,
        unmapped_values.object,
        current_exports.export_month,
        unmapped_values.first_file_name as file_name,
        unmapped_values.first_sheet_name as sheet_name,
        unmapped_values.first_row_number as row_number,
        unmapped_values.column_name,
        case
            when unmapped_values.object not in ('contacts', 'engagements') then unmapped_values.delivered_value
        end as delivered,
        unmapped_values.record_count,
        replace(unmapped_values.problem, ' ', '_') as rule,
        case unmapped_values.problem
            when 'no currency stated' then 'The amount names no currency, and the party has no default'
            else 'No row of the value mappings says what this value means'
        end as reason,
        case unmapped_values.problem
            when 'no currency stated'
                then concat('Set default_currency of ', unmapped_values.party_id, ' in seeds/company/partners.csv')
            else
                concat(
                    'Add a row to seeds/reference/value_mappings.csv: ', unmapped_values.source_system, ', ',
                    unmapped_values.field, ', ',
                    case
                        when unmapped_values.object in ('contacts', 'engagements') then 'the word of that row'
                        else unmapped_values.delivered_value
                    end,
                    ', and the word it stands for'
                )
        end as remedy
    from unmapped_values
    inner join current_exports
        on
            unmapped_values.party_id = current_exports.party_id
            and unmapped_values.object = current_exports.object
    left join refused_currencies
        on
            unmapped_values.party_id = refused_currencies.party_id
            and unmapped_values.object = refused_currencies.object
            and unmapped_values.delivered_value = refused_currencies.delivered
            and unmapped_values.field = 'currency'
    where unmapped_values.first_needed_month is null and refused_currencies.delivered is null

),

-- Without any rate an amount has no value in dollars; with an earlier one it has that, and says so.
without_own_rate as (

    select
        case when unmapped_values.rate_month is null then 'unmapped value' else 'old rate' end as refused,
        unmapped_values.party_id,
        unmapped_values.object,
        current_exports.export_month,
        unmapped_values.first_file_name as file_name,
        unmapped_values.first_sheet_name as sheet_name,
        unmapped_values.first_row_number as row_number,
        unmapped_values.column_name,
        unmapped_values.delivered_value as delivered,
        unmapped_values.record_count,
        replace(unmapped_values.problem, ' ', '_') as rule,
        {{ rate_reason('unmapped_values') }} as reason,
        {{ rate_remedy('unmapped_values') }} as remedy
    from unmapped_values
    inner join current_exports
        on
            unmapped_values.party_id = current_exports.party_id
            and unmapped_values.object = current_exports.object
    where unmapped_values.first_needed_month is not null

),

not_linked as (

    select
        'unlinked row' as refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        case when account_source_id is not null then 'account_source_id' else 'account_name' end as column_name,
        source_id,
        coalesce(account_source_id, account_name) as delivered,
        cast(1 as bigint) as record_count,
        'no_account' as rule,
        'The row names no account of the party''s own list, or a name that several of its accounts have' as reason,
        'Give the id of the account as the accounts list has it' as remedy
    from unlinked_rows

),

-- Closed, and not closed yet: nobody can have known its closing day, so it has none.
closing_later as (

    select
        'undated deal' as refused,
        party_id,
        'opportunities' as object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        'expected_close_date' as column_name,
        source_id,
        cast(expected_close_on as varchar) as delivered,
        cast(1 as bigint) as record_count,
        'closing_day_to_come' as rule,
        concat(
            'The deal is ', outcome, ', and its only closing date lies after the month of the list, so it counts as ',
            outcome, ' nowhere until a list of that month comes'
        ) as reason,
        'Correct the closing date in the source system, and export the list again' as remedy
    from opportunities
    where outcome in ('won', 'lost') and closed_on is null and expected_close_on > last_day(export_month)

),

-- Closed once and reopened, or closed and not marked so: the list says both.
open_and_closed as (

    select
        'undated deal' as refused,
        party_id,
        'opportunities' as object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        'closed_date' as column_name,
        source_id,
        cast(stated_closed_on as varchar) as delivered,
        cast(1 as bigint) as record_count,
        'closing_day_of_open_deal' as rule,
        'The deal is open and has a day on which it closed; it counts as open, without that day' as reason,
        'Take the closing date out of a deal that was reopened, or close it, and export the list again' as remedy
    from opportunities
    where outcome = 'open' and stated_closed_on <= last_day(export_month)

),

held_back as (

    select
        'withheld value' as refused,
        withheld_values.party_id,
        'accounts' as object,
        delivered_accounts.export_month,
        delivered_accounts.file_name,
        delivered_accounts.sheet_name,
        delivered_accounts.row_number,
        withheld_values.attribute as column_name,
        delivered_accounts.source_id,
        withheld_values.withheld_value as delivered,
        cast(1 as bigint) as record_count,
        replace(withheld_values.withheld_because, ' ', '_') as rule,
        concat(
            'Our ', golden_accounts.name, ' (', withheld_values.account_key,
            ') has none, and this does not fill the gap: ',
            case withheld_values.withheld_because
                when 'one witness' then 'one thing alone says that the two are one company'
                when 'out of bounds'
                    then
                        case withheld_values.attribute
                            {% for size in banded_attributes() %}
                            when '{{ size }}'
                                then 'no company has under {{ bounds[size][0] }} or over {{ bounds[size][1] }}'
                            {% endfor %}
                        end
                when 'odd per head'
                    then
                        'revenue per head would be under {{ bounds["revenue_per_head_usd"][0] }} '
                        || 'or over {{ bounds["revenue_per_head_usd"][1] }} USD'
                when 'partners disagree'
                    then
                        'no more partners say about the same (within {{ bounds["times_apart"] }} times) '
                        || 'than say otherwise'
            end
        ) as reason,
        case withheld_values.withheld_because
            when 'one witness'
                then
                    'Fill it in our own list; or decide that this record and ours are the same '
                    || '(seeds/company/match_decisions.csv)'
            else 'Fill it in our own list, or have the partner look it up'
        end as remedy
    from withheld_values
    inner join delivered_accounts on withheld_values.record_key = delivered_accounts.record_key
    inner join golden_accounts on withheld_values.account_key = golden_accounts.account_key

),

merged_in_a_circle as (

    select
        'merged id' as refused,
        party_id,
        'accounts' as object,
        export_month,
        'merged_source_ids' as column_name,
        account_id as source_id,
        concat(account_id, ' into ', into_id) as delivered,
        cast(1 as bigint) as record_count,
        'merged_in_a_circle' as rule,
        'The lists of its months merge this id into others and back again, and none of them is on the current list'
            as reason,
        'Say in the current list which record took the others in; or name today''s record in decisions and plans'
            as remedy
    from circular_mergers

),

-- What has no month, file or row does not have the column.
refused_data as (

    select * from refused_on_delivery
    union all by name
    select * from not_mapped
    union all by name
    select * from without_own_rate
    union all by name
    select * from not_linked
    union all by name
    select * from closing_later
    union all by name
    select * from open_and_closed
    union all by name
    select * from held_back
    union all by name
    select * from merged_in_a_circle
    union all by name
    select * from idle_entries

),

-- Nobody's address is shown, whatever it stands in, nor the id of a row about a person, which may be one.
shown as (

    select
        * replace (
            case when coalesce(object, '') not in ('contacts', 'engagements') then source_id end as source_id,
            {% for text in ['column_name', 'delivered', 'reason', 'remedy'] %}
            regexp_replace({{ text }}, '\S*@\S*', '…', 'g') as {{ text }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from refused_data

),

final as (

    select
        refused,
        party_id,
        object,
        export_month,
        file_name,
        sheet_name,
        row_number,
        column_name,
        source_id,
        delivered,
        record_count,
        rule,
        reason,
        remedy,
        row_number() over (
            order by
                party_id, object, export_month, refused, file_name, sheet_name, row_number, column_name, rule,
                source_id, delivered
        ) as refusal_number
    from shown

)

select * from final
