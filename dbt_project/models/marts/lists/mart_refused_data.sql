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

exclusions as (

    select * from {{ ref('stg_exclusions') }}

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

credit_decisions as (

    select * from {{ ref('stg_credit_decisions') }}

),

icp_rules as (

    select * from {{ ref('stg_icp_rules') }}
    where is_in_force and delivered_column is not null

),

icp_values as (

    select * from {{ ref('stg_icp_values') }}

),

match_decisions as (

    select * from {{ ref('stg_match_decisions') }}

),

named_records as (

    select * from {{ ref('stg_named_records') }}

),

activation_plan as (

    select * from {{ ref('activation_plan') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

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

without_account as (

    select
        'exclusion' as refused,
        'us' as party_id,
        'exclusions' as object,
        'seeds/company/exclusions.csv' as file_name,
        exclusions.exclusion_id as source_id,
        coalesce(exclusions.account_name, exclusions.website, exclusions.record_key) as delivered,
        cast(1 as bigint) as record_count,
        'exclusion_without_account' as rule,
        'No account on any list is the one this exclusion names' as reason,
        'Name it as it stands on a list, by its website or by its record key; or leave it for the day it appears'
            as remedy
    from exclusions
    left join account_exclusions
        on
            exclusions.exclusion_id = account_exclusions.exclusion_id
            and not account_exclusions.is_undecided
    where exclusions.is_in_force and account_exclusions.exclusion_id is null

),

without_record as (

    select
        'decision' as refused,
        'us' as party_id,
        'decisions' as object,
        match_decisions.decided_in as file_name,
        min(named_records.named_record_key) as source_id,
        concat(
            match_decisions.decision, ' ', match_decisions.left_record_key, ' and ', match_decisions.right_record_key,
            ' by ', match_decisions.decided_by
        ) as delivered,
        cast(1 as bigint) as record_count,
        'decision_without_record' as rule,
        'No list has ever had one of the two records' as reason,
        'Take its key from the review sheet or from bridge_account_records; or leave it for the day it appears'
            as remedy
    from match_decisions
    inner join named_records
        on
            match_decisions.decided_on = named_records.named_on
            and named_records.named_record_key in (match_decisions.left_record_key, match_decisions.right_record_key)
    where named_records.is_unknown
    group by
        match_decisions.left_record_key, match_decisions.right_record_key, match_decisions.decision,
        match_decisions.relation, match_decisions.decided_by, match_decisions.decided_on, match_decisions.decided_in

),

-- What a person said of a partner's part in a deal, and cannot count.
without_opportunity as (

    select
        'credit' as refused,
        'us' as party_id,
        'credits' as object,
        credit_decisions.delivered_month as export_month,
        credit_decisions.file_name,
        credit_decisions.sheet_name,
        credit_decisions.row_number,
        case when credit_decisions.is_disputed then 'credit' else 'opportunity_source_id' end as column_name,
        concat(
            credit_decisions.opportunity_key, ': ', credit_decisions.credit, ' by ', credit_decisions.partner_id,
            ', says ', credit_decisions.decided_by
        ) as delivered,
        cast(1 as bigint) as record_count,
        case when credit_decisions.is_disputed then 'credits_disagree' else 'credit_without_opportunity' end as rule,
        case
            when credit_decisions.is_disputed
                then 'Others decided otherwise on the same day, so the rule decides as if nobody had'
            else 'Our current list of opportunities has none of this id'
        end as reason,
        case
            when credit_decisions.is_disputed then 'Agree, and deliver one decision with a later day'
            else 'Give the id that the list of opportunities has; or take the row away'
        end as remedy
    from credit_decisions
    left join opportunities on credit_decisions.opportunity_key = opportunities.opportunity_key
    where
        credit_decisions.is_disputed
        or (credit_decisions.is_in_force and opportunities.opportunity_key is null)

),

-- A rule on a column that our list does not have is unknown of every account.
without_column as (

    select
        'icp rule' as refused,
        'us' as party_id,
        'icp_definitions' as object,
        'seeds/company/icp_definitions.csv' as file_name,
        icp_rules.delivered_column as column_name,
        concat(icp_rules.field, ' of ', string_agg(icp_rules.party_id, ', ' order by icp_rules.party_id)) as delivered,
        cast(1 as bigint) as record_count,
        'icp_column_not_delivered' as rule,
        'No account of our list in use has a value in this column, so nobody knows whether the rule is met' as reason,
        'Export the column, or correct delivered_column in seeds/reference/icp_fields.csv' as remedy
    from icp_rules
    left join icp_values on icp_rules.field = icp_values.field
    where icp_values.field is null
    group by icp_rules.field, icp_rules.delivered_column

),

without_overlap as (

    select
        'plan' as refused,
        'us' as party_id,
        'activation_plan' as object,
        'seeds/company/activation_plan.csv' as file_name,
        activation_plan.record_key as source_id,
        concat(activation_plan.record_key, ' with ', activation_plan.partner_id) as delivered,
        cast(1 as bigint) as record_count,
        case when account_records.record_key is null then 'plan_without_record' else 'plan_without_overlap' end as rule,
        case
            when account_records.record_key is null then 'No current list has this record'
            else 'The account is not shared with this partner, or is kept from it'
        end as reason,
        'Take the record key from bridge_account_records and a partner who lists the account; or take the row away'
            as remedy
    from activation_plan
    left join named_records
        on
            activation_plan.record_key = named_records.named_record_key
            and named_records.named_on is null
    left join account_records on named_records.record_key = account_records.record_key
    left join account_overlaps
        on
            account_records.account_key = account_overlaps.account_key
            and activation_plan.partner_id = account_overlaps.partner_id
    where account_overlaps.account_key is null

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
    select * from without_account
    union all by name
    select * from without_record
    union all by name
    select * from without_opportunity
    union all by name
    select * from without_column
    union all by name
    select * from without_overlap

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
