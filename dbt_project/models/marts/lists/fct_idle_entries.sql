with exclusions as (

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

plans as (

    select * from {{ ref('stg_plans') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

opportunities as (

    select * from {{ ref('stg_opportunities') }}

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
        case when plans.delivered_month is null then 'activation_plan' else 'plans' end as object,
        plans.delivered_month as export_month,
        plans.file_name,
        plans.sheet_name,
        plans.row_number,
        plans.record_key as source_id,
        concat(plans.record_key, ' with ', plans.partner_id) as delivered,
        cast(1 as bigint) as record_count,
        case when account_records.record_key is null then 'plan_without_record' else 'plan_without_overlap' end as rule,
        case
            when account_records.record_key is null then 'No current list has this record'
            else 'The account is not shared with this partner, or is kept from it'
        end as reason,
        'Take the record key from bridge_account_records and a partner who lists the account; or take the row away'
            as remedy
    from plans
    left join named_records
        on
            plans.record_key = named_records.named_record_key
            and named_records.named_on is null
    left join account_records on named_records.record_key = account_records.record_key
    left join account_overlaps
        on
            account_records.account_key = account_overlaps.account_key
            and plans.partner_id = account_overlaps.partner_id
    where account_overlaps.account_key is null

),

entries as (

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
        remedy
    from entries

)

select * from final
