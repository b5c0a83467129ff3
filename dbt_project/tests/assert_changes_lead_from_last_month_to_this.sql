-- Fails for an overlap that last month's rows and the changes reported of this month do not give: one too many, one
-- missing, or one of another status, category, tier, score or pipeline.
with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where is_overlap

),

priorities as (

    select * from {{ ref('fct_account_priorities') }}

),

changes as (

    select * from {{ ref('mart_what_changed') }}
    where as_of_month = {{ as_of_month() }} and cause <> 'restatement'

),

values_by_month as (

    select
        account_overlaps.as_of_month,
        account_overlaps.account_key,
        account_overlaps.partner_id,
        account_overlaps.category,
        priorities.tier,
        cast(priorities.priority_score as varchar) as score,
        cast(account_overlaps.our_open_pipeline_counted_once_usd as varchar) as pipeline,
        concat(account_overlaps.our_status, ' / ', account_overlaps.partner_status) as status
    from account_overlaps
    left join priorities
        on
            account_overlaps.as_of_month = priorities.as_of_month
            and account_overlaps.account_key = priorities.account_key
            and account_overlaps.partner_id = priorities.partner_id

),

previous_months as (

    select max(as_of_month) as previous_month from {{ ref('fct_account_overlaps') }}
    where as_of_month < {{ as_of_month() }}
    having max(as_of_month) is not null

),

last_month as (

    select values_by_month.*
    from values_by_month
    inner join previous_months on values_by_month.as_of_month = previous_months.previous_month

),

this_month as (

    select values_by_month.*
    from values_by_month
    cross join previous_months
    where values_by_month.as_of_month = {{ as_of_month() }}

),

-- What stayed, with every change put in.
changed as (

    select
        {% for measure in ['status', 'category', 'tier', 'score', 'pipeline'] %}
        if({{ measure }}_changes.change_type is null, last_month.{{ measure }}, {{ measure }}_changes.to_value)
            as {{ measure }},
        {% endfor %}
        last_month.account_key,
        last_month.partner_id
    from last_month
    {% for measure in ['gone', 'status', 'category', 'tier', 'score', 'pipeline'] %}
    left join changes as {{ measure }}_changes
        on
            last_month.account_key = {{ measure }}_changes.account_key
            and last_month.partner_id = {{ measure }}_changes.partner_id
            and {{ measure }}_changes.change_type = '{{ measure }}'
    {% endfor %}
    where gone_changes.change_type is null

),

-- A new overlap is reported with its statuses alone.
reported as (

    select
        account_key,
        partner_id,
        status,
        category,
        tier,
        score,
        pipeline
    from changed
    union all
    select
        changes.account_key,
        changes.partner_id,
        changes.to_value as status,
        this_month.category,
        this_month.tier,
        this_month.score,
        this_month.pipeline
    from changes
    left join this_month
        on
            changes.account_key = this_month.account_key
            and changes.partner_id = this_month.partner_id
    where changes.change_type = 'new'

),

true_rows as (

    select
        account_key,
        partner_id,
        status,
        category,
        tier,
        score,
        pipeline
    from this_month

),

told_and_not_true as (

    select * from reported
    except all
    select * from true_rows

),

true_and_not_told as (

    select * from true_rows
    except all
    select * from reported

),

final as (

    select
        account_key,
        partner_id,
        status,
        category,
        tier,
        score,
        pipeline,
        'reported, not true' as problem
    from told_and_not_true
    union all
    select
        account_key,
        partner_id,
        status,
        category,
        tier,
        score,
        pipeline,
        'true, not reported' as problem
    from true_and_not_told

)

select * from final
