with seen_months as (

    select * from {{ ref('stg_seen_months') }}

),

seen_overlaps as (

    select * from {{ ref('stg_seen_overlaps') }}

),

reported_restatements as (

    select * from {{ ref('stg_seen_restatements') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where is_overlap

),

priorities as (

    select * from {{ ref('fct_account_priorities') }}

),

registry as (

    select * from {{ ref('res_account_registry') }}

),

-- Nothing is reported of a partner whose lists may not be read any more.
partners as (

    select * from {{ ref('stg_partners') }}
    where may_be_built

),

members as (

    select
        registry.as_of_month,
        registry.record_key,
        registry.account_key
    from registry
    inner join seen_months on registry.as_of_month = seen_months.as_of_month

),

living_keys as (

    select distinct
        as_of_month,
        account_key
    from members

),

-- The key of an account may be another now, if a month before it was loaded late or a record is gone; ours leads there.
followed as (

    select
        seen_overlaps.*,
        coalesce(living_keys.account_key, members.account_key) as current_account_key
    from seen_overlaps
    left join living_keys
        on
            seen_overlaps.as_of_month = living_keys.as_of_month
            and seen_overlaps.account_key = living_keys.account_key
    left join members
        on seen_overlaps.as_of_month = members.as_of_month and seen_overlaps.record_key = members.record_key

),

-- Of several accounts that are one now, the one whose key is left is compared; the others are gone.
overlaps_before as (

    select
        *,
        case
            when current_account_key is null then account_key
            when row_number() over (
                partition by as_of_month, partner_id, current_account_key
                order by case when account_key = current_account_key then 1 else 2 end, account_key
            ) = 1 then current_account_key
            else account_key
        end as compared_account_key
    from followed

),

overlaps_now as (

    select
        account_overlaps.as_of_month,
        account_overlaps.account_key,
        account_overlaps.partner_id,
        account_overlaps.category,
        priorities.tier,
        cast(priorities.priority_score as varchar) as score,
        cast(account_overlaps.our_open_pipeline_counted_once_usd as varchar) as pipeline,
        concat(account_overlaps.our_status, ' / ', account_overlaps.partner_status) as statuses
    from account_overlaps
    inner join seen_months on account_overlaps.as_of_month = seen_months.as_of_month
    left join priorities
        on
            account_overlaps.as_of_month = priorities.as_of_month
            and account_overlaps.account_key = priorities.account_key
            and account_overlaps.partner_id = priorities.partner_id

),

compared as (

    select
        {% for measure in ['statuses', 'category', 'tier', 'score', 'pipeline'] %}
        overlaps_before.{{ measure }} as {{ measure }}_before,
        overlaps_now.{{ measure }} as {{ measure }}_now,
        {% endfor %}
        overlaps_before.account_key as key_before,
        overlaps_before.current_account_key as key_now,
        coalesce(overlaps_now.as_of_month, overlaps_before.as_of_month) as as_of_month,
        coalesce(overlaps_now.account_key, overlaps_before.compared_account_key) as account_key,
        coalesce(overlaps_now.partner_id, overlaps_before.partner_id) as partner_id,
        overlaps_before.account_key is null as is_new,
        overlaps_now.account_key is null as is_gone
    from overlaps_before
    full outer join overlaps_now
        on
            overlaps_before.as_of_month = overlaps_now.as_of_month
            and overlaps_before.compared_account_key = overlaps_now.account_key
            and overlaps_before.partner_id = overlaps_now.partner_id

),

differences as (

    select
        as_of_month,
        account_key,
        partner_id,
        'new' as change_type,
        null as from_value,
        statuses_now as to_value
    from compared
    where is_new
    union all
    select
        as_of_month,
        account_key,
        partner_id,
        'gone' as change_type,
        statuses_before as from_value,
        null as to_value
    from compared
    where is_gone
    union all
    {% for measure in ['statuses', 'category', 'tier', 'score', 'pipeline'] %}
    select
        as_of_month,
        account_key,
        partner_id,
        '{{ 'status' if measure == 'statuses' else measure }}' as change_type,
        {{ measure }}_before as from_value,
        {{ measure }}_now as to_value
    from compared
    where not is_new and not is_gone and {{ measure }}_before is distinct from {{ measure }}_now
    union all
    {% endfor %}
    select
        as_of_month,
        account_key,
        partner_id,
        'match' as change_type,
        key_before as from_value,
        key_now as to_value
    from compared
    where key_before <> key_now

),

last_restatements as (

    select coalesce(max(restatement_number), 0) as last_number
    from reported_restatements

),

restatements as (

    select * from reported_restatements
    union all by name
    select
        differences.*,
        {{ as_of_month() }} as restated_in_month,
        seen_months.reloaded_month,
        last_restatements.last_number + 1 as restatement_number
    from differences
    inner join seen_months on differences.as_of_month = seen_months.as_of_month
    cross join last_restatements

),

final as (

    select
        restatements.as_of_month,
        restatements.restated_in_month,
        restatements.reloaded_month,
        cast(restatements.restatement_number as integer) as restatement_number,
        restatements.account_key,
        restatements.partner_id,
        restatements.change_type,
        restatements.from_value,
        restatements.to_value
    from restatements
    inner join partners on restatements.partner_id = partners.party_id

)

select * from final
