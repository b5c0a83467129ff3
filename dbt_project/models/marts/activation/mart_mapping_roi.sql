-- What is mapped by lists that came after the run's day has had no day yet.
with activations as (

    select * from {{ ref('fct_account_activations') }}
    where mapped_on <= {{ as_of_date() }}

),

our_overlap_accounts as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_on_our_list and not is_excluded and not is_partner

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome = 'won' and closed_on between {{ quarter_start() }} and {{ as_of_date() }}

),

-- The same figure that the KPI is, so that the two can be laid side by side.
credited_revenues as (

    select * from {{ ref('fct_kpi_actuals') }}
    where kpi = 'revenue_generated_usd' and quarter_start = {{ quarter_start() }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

benchmarks as (

    select * from {{ ref('roi_benchmarks') }}

),

our_lists as (

    select * from {{ ref('stg_current_exports') }}
    where party_id = 'us' and object = 'opportunities' and export_month >= {{ quarter_start() }}

),

scopes as (

    select
        partner_id as scope,
        name as scope_name
    from partners
    union all
    select
        'all' as scope,
        'All partners' as scope_name

),

market as (

    select
        scopes.scope,
        count(distinct our_overlap_accounts.account_key) as our_account_count,
        count(distinct our_overlap_accounts.account_key) filter (where our_overlap_accounts.is_overlap)
            as mapped_account_count
    from scopes
    inner join our_overlap_accounts on scopes.scope in ('all', our_overlap_accounts.partner_id)
    group by scopes.scope

),

-- Of several partners on one account it is enough that one was engaged. Without our log of engagements, or our
-- opportunities, the counts are not known.
touched as (

    select
        scopes.scope,
        count(distinct activations.account_key) as mapped_account_count,
        case
            when count(activations.is_activated) > 0
                then count(distinct activations.account_key) filter (where activations.is_activated)
        end as activated_account_count,
        case
            when count(activations.is_converted) > 0
                then count(distinct activations.account_key) filter (where activations.is_converted)
        end as converted_account_count
    from scopes
    inner join activations on scopes.scope in ('all', activations.partner_id)
    group by scopes.scope

),

-- Each account once: of all partners from its first mapping to whichever of them touched it first.
account_waits as (

    select
        scopes.scope,
        activations.account_key,
        min(activations.first_touch_on)
        - min(case when scopes.scope = 'all' then activations.first_mapped_on else activations.mapped_on end)
            as days_to_first_touch
    from scopes
    inner join activations on scopes.scope in ('all', activations.partner_id)
    group by scopes.scope, activations.account_key

),

waits as (

    select
        scope,
        sum(days_to_first_touch) as total_days,
        {{ if_delivered('engagements', 'count(days_to_first_touch)') }} as touch_count
    from account_waits
    group by scope

),

-- Each opportunity once, however many partners share its account.
won_on_mapped_accounts as (

    select distinct
        scopes.scope,
        opportunities.opportunity_key,
        opportunities.amount_usd
    from scopes
    inner join activations on scopes.scope in ('all', activations.partner_id)
    inner join opportunities
        on activations.account_key = opportunities.account_key and activations.mapped_on <= opportunities.closed_on

),

revenue as (

    select
        scope,
        sum(amount_usd) as revenue_usd
    from won_on_mapped_accounts
    group by scope

),

-- Nothing won is zero; what was won for amounts that nobody knows is not.
scopes_with_revenue as (

    select
        market.scope,
        case when revenue.scope is null then 0 else revenue.revenue_usd end as revenue_usd,
        case when credited_revenues.kpi is null then 0 else credited_revenues.actual end as credited_revenue_usd
    from market
    left join revenue on market.scope = revenue.scope
    left join credited_revenues on market.scope = credited_revenues.partner_id
    where exists (select 1 from our_lists)

),

measured as (

    select
        scope,
        'our_account_overlap_rate' as metric,
        cast(mapped_account_count as decimal(38, 2)) as numerator,
        cast(our_account_count as decimal(38, 2)) as denominator
    from market
    union all
    select
        scope,
        'activation_rate' as metric,
        activated_account_count as numerator,
        mapped_account_count as denominator
    from touched
    union all
    select
        scope,
        'conversion_rate' as metric,
        converted_account_count as numerator,
        activated_account_count as denominator
    from touched
    union all
    select
        scope,
        'days_to_first_touch' as metric,
        total_days as numerator,
        touch_count as denominator
    from waits
    union all
    select
        scope,
        'revenue_usd' as metric,
        revenue_usd as numerator,
        null as denominator
    from scopes_with_revenue
    union all
    select
        scope,
        'credited_revenue_usd' as metric,
        credited_revenue_usd as numerator,
        null as denominator
    from scopes_with_revenue

),

metrics as (

    select
        listed.metric,
        listed.metric_number
    from (
        values
        ('our_account_overlap_rate', 1),
        ('activation_rate', 2),
        ('conversion_rate', 3),
        ('days_to_first_touch', 4),
        ('revenue_usd', 5),
        ('credited_revenue_usd', 6)
    ) as listed (metric, metric_number)

),

compared as (

    select
        scopes.scope,
        scopes.scope_name,
        metrics.metric,
        metrics.metric_number,
        measured.numerator,
        measured.denominator,
        case
            when metrics.metric in ('revenue_usd', 'credited_revenue_usd')
                then cast(measured.numerator as decimal(38, 6))
            when metrics.metric = 'days_to_first_touch'
                then cast({{ quotient('measured.numerator', 'measured.denominator', 2) }} as decimal(38, 6))
            else {{ quotient('measured.numerator', 'measured.denominator', 6) }}
        end as actual
    from scopes
    cross join metrics
    left join measured on scopes.scope = measured.scope and metrics.metric = measured.metric

),

-- What we do not measure ourselves stands below, for comparison.
with_comparisons as (

    select
        *,
        false as is_comparison
    from compared
    union all
    select
        'all' as scope,
        'All partners' as scope_name,
        benchmarks.metric,
        6 + row_number() over (order by benchmarks.metric) as metric_number,
        null as numerator,
        null as denominator,
        null as actual,
        true as is_comparison
    from benchmarks
    left join metrics on benchmarks.metric = metrics.metric
    where metrics.metric is null

),

-- More days are not more: they are later.
words as (

    select
        listed.is_of_days,
        listed.low_word,
        listed.high_word
    from (
        values
        (false, 'below', 'above'),
        (true, 'sooner', 'later')
    ) as listed (is_of_days, low_word, high_word)

),

final as (

    select
        with_comparisons.scope,
        with_comparisons.scope_name,
        with_comparisons.metric,
        cast(with_comparisons.metric_number as integer) as metric_number,
        with_comparisons.numerator,
        with_comparisons.denominator,
        with_comparisons.actual,
        benchmarks.low as benchmark_low,
        benchmarks.high as benchmark_high,
        benchmarks.better,
        benchmarks.source as benchmark_source,
        case
            when with_comparisons.is_comparison then 'comparison'
            when with_comparisons.actual is null then 'unknown'
            when benchmarks.metric is null then 'no benchmark'
            when with_comparisons.actual < benchmarks.low then words.low_word
            when with_comparisons.actual > benchmarks.high then words.high_word
            when with_comparisons.actual = benchmarks.high and not benchmarks.is_high_included then words.high_word
            else 'within'
        end as status
    from with_comparisons
    left join benchmarks on with_comparisons.metric = benchmarks.metric
    inner join words on (with_comparisons.metric = 'days_to_first_touch') = words.is_of_days

)

select * from final
