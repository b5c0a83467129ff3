{{ history(also_anew="cause = 'restatement'") }}

with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month <= {{ as_of_month() }}

),

priorities as (

    select * from {{ ref('fct_account_priorities') }}

),

registry as (

    select * from {{ ref('res_account_registry') }}

),

-- Keys whose records went to another one, or came from there.
key_changes as (

    select * from {{ ref('fct_account_key_changes') }}
    where as_of_month = {{ as_of_month() }} and kind in ('merge', 'split')

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

restatements as (

    select * from {{ ref('fct_restatements') }}

),

pipeline_changes as (

    select * from {{ ref('fct_account_pipeline_changes') }}
    where as_of_month = {{ as_of_month() }} and is_largest

),

-- Nothing, in the first month: there is nothing to compare it with.
previous_months as (

    select max(as_of_month) as previous_month
    from account_overlaps
    where as_of_month < {{ as_of_month() }}
    having max(as_of_month) is not null

),

overlaps_now as (

    select * from account_overlaps
    where as_of_month = {{ as_of_month() }} and is_overlap

),

overlaps_before as (

    select account_overlaps.*
    from account_overlaps
    inner join previous_months on account_overlaps.as_of_month = previous_months.previous_month
    where account_overlaps.is_overlap

),

partners_now as (

    select distinct partner_id from account_overlaps
    where as_of_month = {{ as_of_month() }}

),

partners_before as (

    select distinct account_overlaps.partner_id
    from account_overlaps
    inner join previous_months on account_overlaps.as_of_month = previous_months.previous_month

),

priorities_in_words as (

    select
        as_of_month,
        account_key,
        partner_id,
        tier,
        cast(priority_score as varchar) as score,
        concat_ws(
            ', ',
            {% for component in priority_components() %}
            coalesce({{ component }}_level, 'missing'){{ ',' if not loop.last }}
            {% endfor %}
        ) as levels
    from priorities

),

priorities_now as (

    select * from priorities_in_words
    where as_of_month = {{ as_of_month() }}

),

priorities_before as (

    select priorities_in_words.*
    from priorities_in_words
    inner join previous_months on priorities_in_words.as_of_month = previous_months.previous_month

),

registry_now as (

    select * from registry
    where as_of_month = {{ as_of_month() }}

),

registry_before as (

    select registry.*
    from registry
    inner join previous_months on registry.as_of_month = previous_months.previous_month

),

record_events as (

    select
        account_key,
        split_part(record_key, ':', 1) as party_id,
        record_change
    from registry_now
    where record_change in ('new', 'came back')
    union all
    select
        registry_before.account_key,
        split_part(registry_before.record_key, ':', 1) as party_id,
        'gone' as record_change
    from registry_before
    left join registry_now on registry_before.record_key = registry_now.record_key
    where registry_now.record_key is null

),

-- What happened to the records of each party, in the words of a cause.
party_events as (

    select
        account_key,
        party_id,
        case
            when bool_or(record_change = 'new') then 'new record'
            when bool_or(record_change = 'came back') then 'record came back'
            else 'record gone'
        end as record_event
    from record_events
    group by account_key, party_id

),

keys_of_changes as (

    select
        from_account_key as account_key,
        from_account_key,
        to_account_key,
        cause
    from key_changes
    union
    select
        to_account_key as account_key,
        from_account_key,
        to_account_key,
        cause
    from key_changes

),

regrouped_accounts as (

    select
        account_key,
        string_agg(distinct from_account_key, ', ' order by from_account_key) as from_account_keys,
        string_agg(distinct to_account_key, ', ' order by to_account_key) as to_account_keys,
        min_by(
            cause,
            list_position(
                [
                    'decision', 'merged record', 'changed record', 'new record', 'record came back', 'record gone',
                    'rule version', 'other evidence'
                ],
                cause
            )
        ) as cause
    from keys_of_changes
    group by account_key

),

compared as (

    select
        overlaps_before.category as category_before,
        overlaps_now.category as category_now,
        cast(overlaps_before.our_open_pipeline_counted_once_usd as varchar) as pipeline_before,
        cast(overlaps_now.our_open_pipeline_counted_once_usd as varchar) as pipeline_now,
        coalesce(overlaps_now.account_key, overlaps_before.account_key) as account_key,
        coalesce(overlaps_now.partner_id, overlaps_before.partner_id) as partner_id,
        overlaps_before.account_key is null as is_new,
        overlaps_now.account_key is null as is_gone,
        overlaps_before.our_status <> overlaps_now.our_status as has_other_our_status,
        overlaps_before.partner_status <> overlaps_now.partner_status as has_other_partner_status,
        overlaps_before.is_excluded <> overlaps_now.is_excluded as has_other_exclusion,
        overlaps_before.is_partner <> overlaps_now.is_partner as has_other_partner_flag,
        overlaps_before.is_pipeline_counted_here <> overlaps_now.is_pipeline_counted_here as has_other_pipeline_row,
        concat(overlaps_before.our_status, ' / ', overlaps_before.partner_status) as statuses_before,
        concat(overlaps_now.our_status, ' / ', overlaps_now.partner_status) as statuses_now
    from overlaps_before
    full outer join overlaps_now
        on
            overlaps_before.account_key = overlaps_now.account_key
            and overlaps_before.partner_id = overlaps_now.partner_id
    where exists (select 1 from previous_months)

),

described as (

    select
        compared.*,
        priorities_before.tier as tier_before,
        priorities_now.tier as tier_now,
        priorities_before.score as score_before,
        priorities_now.score as score_now,
        regrouped_accounts.from_account_keys,
        regrouped_accounts.to_account_keys,
        regrouped_accounts.cause as regrouping_cause,
        pipeline_changes.cause as largest_pipeline_cause,
        our_events.record_event as our_event,
        partner_events.record_event as partner_event,
        partners.name as partner_name,
        partners.list_status,
        partners_before.partner_id is null as is_partner_new,
        partners_now.partner_id is null as is_partner_gone,
        priorities_before.levels = priorities_now.levels as has_same_levels
    from compared
    left join priorities_before
        on
            compared.account_key = priorities_before.account_key
            and compared.partner_id = priorities_before.partner_id
    left join priorities_now
        on
            compared.account_key = priorities_now.account_key
            and compared.partner_id = priorities_now.partner_id
    left join regrouped_accounts on compared.account_key = regrouped_accounts.account_key
    left join pipeline_changes on compared.account_key = pipeline_changes.account_key
    left join party_events as our_events
        on compared.account_key = our_events.account_key and our_events.party_id = 'us'
    left join party_events as partner_events
        on compared.account_key = partner_events.account_key and compared.partner_id = partner_events.party_id
    left join partners on compared.partner_id = partners.partner_id
    left join partners_before on compared.partner_id = partners_before.partner_id
    left join partners_now on compared.partner_id = partners_now.partner_id

),

-- The first that applies, most specific first: what happened to the partner, to the grouping of records, to the
-- records.
explained as (

    select
        *,
        case
            when is_partner_new then 'new partner'
            else coalesce(regrouping_cause, our_event, partner_event, 'other evidence')
        end as new_cause,
        case
            when is_partner_gone and list_status = 'no list' then 'file missing'
            when is_partner_gone then 'partner withdrew'
            else coalesce(regrouping_cause, our_event, partner_event, 'other evidence')
        end as gone_cause,
        coalesce(
            regrouping_cause,
            case when has_other_our_status then our_event end,
            case when has_other_partner_status then partner_event end,
            'changed record'
        ) as status_cause,
        case
            when has_other_exclusion then 'decision'
            when has_other_partner_flag then 'changed record'
            when has_same_levels then 'rule version'
            else coalesce(regrouping_cause, our_event, partner_event, 'changed record')
        end as priority_cause,
        case
            when pipeline_before is null then 'new record'
            when pipeline_now is null then 'file missing'
            when regrouping_cause is not null then regrouping_cause
            when has_other_pipeline_row then 'counted elsewhere'
            else coalesce(largest_pipeline_cause, 'other evidence')
        end as pipeline_cause
    from described

),

changes as (

    select
        account_key,
        partner_id,
        partner_name,
        'new' as change_type,
        null as from_value,
        statuses_now as to_value,
        new_cause as cause
    from explained
    where is_new
    union all
    select
        account_key,
        partner_id,
        partner_name,
        'gone' as change_type,
        statuses_before as from_value,
        null as to_value,
        gone_cause as cause
    from explained
    where is_gone
    union all
    select
        account_key,
        partner_id,
        partner_name,
        'status' as change_type,
        statuses_before as from_value,
        statuses_now as to_value,
        status_cause as cause
    from explained
    where has_other_our_status or has_other_partner_status
    union all
    select
        account_key,
        partner_id,
        partner_name,
        'category' as change_type,
        category_before as from_value,
        category_now as to_value,
        case
            when has_other_exclusion then 'decision'
            when has_other_our_status or has_other_partner_status then status_cause
            else 'rule version'
        end as cause
    from explained
    where category_before <> category_now
    union all
    {% for measure in ['tier', 'score', 'pipeline'] %}
    select
        account_key,
        partner_id,
        partner_name,
        '{{ measure }}' as change_type,
        {{ measure }}_before as from_value,
        {{ measure }}_now as to_value,
        {{ 'pipeline' if measure == 'pipeline' else 'priority' }}_cause as cause
    from explained
    where not is_new and not is_gone and {{ measure }}_before is distinct from {{ measure }}_now
    union all
    {% endfor %}
    select
        account_key,
        partner_id,
        partner_name,
        'match' as change_type,
        from_account_keys as from_value,
        to_account_keys as to_value,
        regrouping_cause as cause
    from explained
    where regrouping_cause is not null

),

final as (

    select
        {{ as_of_month() }} as as_of_month,
        previous_months.previous_month,
        changes.account_key,
        accounts.name as account_name,
        changes.partner_id,
        changes.partner_name,
        changes.change_type,
        changes.from_value,
        changes.to_value,
        changes.cause,
        cast(null as date) as restated_in_month,
        cast(null as date) as reloaded_month,
        cast(null as integer) as restatement_number
    from changes
    cross join previous_months
    left join accounts on changes.account_key = accounts.account_key
    union all
    -- What was published of a month, and what the month has become since; every month reports all of them anew.
    select
        restatements.as_of_month,
        restatements.as_of_month as previous_month,
        restatements.account_key,
        accounts.name as account_name,
        restatements.partner_id,
        partners.name as partner_name,
        restatements.change_type,
        restatements.from_value,
        restatements.to_value,
        'restatement' as cause,
        restatements.restated_in_month,
        restatements.reloaded_month,
        restatements.restatement_number
    from restatements
    left join accounts on restatements.account_key = accounts.account_key
    left join partners on restatements.partner_id = partners.partner_id

)

select * from final
