with our_accounts as (

    select * from {{ ref('fct_our_accounts') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}
    where party_id = 'us'

),

records as (

    select * from {{ ref('stg_accounts') }}

),

closed_opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where outcome in ('won', 'lost') and {{ is_in_trailing_year('closed_on') }}

),

icp_rules as (

    select * from {{ ref('fct_account_icp_rules') }}
    where outcome <> 'unknown'

),

size_bands as (

    select * from {{ ref('size_bands') }}

),

competitor_products as (

    select
        account_records.account_key,
        min_by(records.competitor_product, records.record_key) as competitor_product
    from account_records
    inner join records on account_records.record_key = records.record_key
    where records.competitor_product is not null
    group by account_records.account_key

),

-- One value of a field for each account that has one; a size counts as its band, if it lies in one.
account_values as (

    select
        account_key,
        'competitor_product' as field,
        competitor_product as value,
        cast(null as integer) as value_number
    from competitor_products
    {% for field in ['industry', 'country_code'] %}
    union all
    select
        account_key,
        '{{ field }}' as field,
        {{ field }} as value,
        cast(null as integer) as value_number
    from accounts
    where {{ field }} is not null
    {% endfor %}
    {% for field in banded_attributes() %}
    union all
    select
        accounts.account_key,
        size_bands.field,
        size_bands.band as value,
        size_bands.band_number as value_number
    from accounts
    inner join size_bands
        on
            size_bands.field = '{{ field }}'
            and (size_bands.least is null or accounts.{{ field }}_least >= size_bands.least)
            and (size_bands.most is null or accounts.{{ field }}_most < size_bands.most)
    {% endfor %}

),

-- Fewer than a quarter of the customers are worth more than one of the most valuable quarter.
valued_customers as (

    select
        account_key,
        (rank() over (order by lifetime_value_usd desc) - 1) * 4 < count(*) over () as is_most_valuable
    from our_accounts
    where our_status = 'customer' and lifetime_value_usd is not null

),

scope_words as (

    select unnest(['all', 'with partner', 'without partner']) as scope

),

-- Who did well and who did not, three ways.
outcomes as (

    select
        account_key,
        'won against lost' as comparison,
        bool_or(outcome = 'won') as did_well
    from closed_opportunities
    where account_key is not null
    group by account_key
    union all
    select
        account_key,
        'kept against churned' as comparison,
        our_status = 'customer' as did_well
    from our_accounts
    where our_status in ('customer', 'churned')
    union all
    select
        account_key,
        'most valuable against other customers' as comparison,
        is_most_valuable as did_well
    from valued_customers

),

scoped as (

    select
        outcomes.account_key,
        outcomes.comparison,
        outcomes.did_well,
        scope_words.scope
    from outcomes
    inner join our_accounts on outcomes.account_key = our_accounts.account_key
    inner join scope_words
        on
            scope_words.scope = 'all'
            or scope_words.scope = if(our_accounts.partner_count > 0, 'with partner', 'without partner')

),

judged as (

    select
        scoped.comparison,
        scoped.scope,
        scoped.did_well,
        account_values.account_key,
        account_values.field,
        account_values.value,
        account_values.value_number
    from scoped
    inner join account_values on scoped.account_key = account_values.account_key

),

counted as (

    select
        comparison,
        scope,
        field,
        value,
        min(value_number) as value_number,
        count(*) filter (where did_well) as well_count,
        count(*) filter (where not did_well) as other_count
    from judged
    group by comparison, scope, field, value

),

with_totals as (

    select
        *,
        cast(sum(well_count) over (partition by comparison, scope, field) as bigint) as well_total,
        cast(sum(other_count) over (partition by comparison, scope, field) as bigint) as other_total
    from counted

),

-- How much more often the value comes up among those who did well, with the 95 % interval of Katz, Baptista, Azen and
-- Pike, "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34 (1978), 469-474.
lifted as (

    select
        *,
        (well_count / well_total) / nullif(other_count / other_total, 0) as lift,
        1.96 * sqrt(1 / nullif(well_count, 0) - 1 / well_total + 1 / nullif(other_count, 0) - 1 / other_total)
            as log_error
    from with_totals
    where well_total > 0 and other_total > 0

),

bounded as (

    select
        *,
        exp(ln(nullif(lift, 0)) - log_error) as low,
        exp(ln(nullif(lift, 0)) + log_error) as high
    from lifted

),

compared as (

    select
        *,
        case
            when least(well_total, other_total) < {{ var('icp_review_least_accounts') }} then 'too few'
            when low > 1 then 'more often'
            when high < 1 then 'less often'
            when low is not null then 'no difference'
            when well_count > other_count then 'only there'
            else 'never there'
        end as verdict
    from bounded

),

-- What the written definitions make of a value is what they make of the accounts that have it.
definitions as (

    select
        icp_rules.party_id,
        account_values.field,
        account_values.value,
        case
            when bool_and(icp_rules.outcome = 'met') then 'in'
            when bool_or(icp_rules.outcome = 'met') then 'partly'
            else 'out'
        end as place
    from icp_rules
    inner join account_values
        on icp_rules.account_key = account_values.account_key and icp_rules.field = account_values.field
    group by icp_rules.party_id, account_values.field, account_values.value

),

our_definitions as (

    select * from definitions
    where party_id = 'us'

),

partner_definitions as (

    select
        field,
        value,
        string_agg(party_id, '; ' order by party_id) as partner_ids
    from definitions
    where party_id <> 'us' and place = 'in'
    group by field, value

),

final as (

    select
        -- what is compared
        compared.comparison,
        compared.scope,
        compared.field,
        compared.value,
        compared.value_number,
        -- how often
        compared.well_count,
        compared.well_total,
        {{ rate('compared.well_count', 'compared.well_total') }} as well_share,
        compared.other_count,
        compared.other_total,
        {{ rate('compared.other_count', 'compared.other_total') }} as other_share,
        cast(round(compared.lift, 4) as decimal(18, 4)) as lift,
        cast(round(compared.low, 4) as decimal(18, 4)) as lift_low,
        cast(round(compared.high, 4) as decimal(18, 4)) as lift_high,
        compared.verdict,
        -- what is written down
        coalesce(our_definitions.place, 'no rule') as our_definition,
        partner_definitions.partner_ids as partner_ids_with_it,
        case
            when compared.verdict = 'more often' and our_definitions.place is null then 'consider a rule for it'
            when compared.verdict = 'more often' and our_definitions.place <> 'in' then 'consider adding it'
            when compared.verdict = 'less often' and our_definitions.place <> 'out' then 'consider leaving it out'
        end as proposal
    from compared
    left join our_definitions
        on compared.field = our_definitions.field and compared.value = our_definitions.value
    left join partner_definitions
        on compared.field = partner_definitions.field and compared.value = partner_definitions.value

)

select * from final
