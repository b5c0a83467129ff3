with opportunity_months as (

    select * from {{ ref('fct_opportunity_months') }}
    where as_of_month <= {{ as_of_month() }}

),

months as (

    {{ kept_months('opportunity_months') }}

),

first_months as (

    select
        opportunity_key,
        min(as_of_month) as first_month
    from opportunity_months
    group by opportunity_key

),

states_now as (

    select
        opportunity_months.*,
        months.previous_month
    from opportunity_months
    inner join months on opportunity_months.as_of_month = months.as_of_month
    where months.previous_month is not null

),

states_before as (

    select
        opportunity_months.* replace (months.as_of_month as as_of_month),
        months.previous_month
    from opportunity_months
    inner join months on opportunity_months.as_of_month = months.previous_month

),

compared as (

    select
        -- open or closed
        states_before.outcome as outcome_before,
        states_now.outcome as outcome_now,
        states_now.closed_on,
        -- money
        states_before.amount as amount_before,
        states_now.amount as amount_now,
        states_before.currency as currency_before,
        states_now.currency as currency_now,
        states_before.usd_per_unit as usd_per_unit_before,
        states_now.usd_per_unit as usd_per_unit_now,
        states_before.amount_usd as amount_usd_before,
        states_now.amount_usd as amount_usd_now,
        -- expected close
        states_before.expected_close_on as expected_close_on_before,
        states_now.expected_close_on as expected_close_on_now,
        -- whose it is
        states_before.primary_partner_id as partner_id_before,
        states_now.primary_partner_id as partner_id_now,
        -- of either month
        coalesce(states_now.as_of_month, states_before.as_of_month) as as_of_month,
        coalesce(states_now.previous_month, states_before.previous_month) as previous_month,
        coalesce(states_now.opportunity_key, states_before.opportunity_key) as opportunity_key,
        coalesce(states_now.source_id, states_before.source_id) as source_id,
        coalesce(states_now.account_key, states_before.account_key) as account_key,
        states_before.opportunity_key is not null as was_listed,
        states_now.opportunity_key is not null as is_listed,
        coalesce(states_before.is_open, false) as was_open,
        coalesce(states_now.is_open, false) as is_open,
        -- what differs
        (states_before.amount is not distinct from states_now.amount)
        and (states_before.currency is not distinct from states_now.currency) as has_same_price,
        states_before.is_excluded <> states_now.is_excluded
        or (states_before.decided_credits is distinct from states_now.decided_credits) as has_other_decision,
        states_before.rule_valid_from <> states_now.rule_valid_from as has_other_rule,
        (states_before.recorded_claims is distinct from states_now.recorded_claims)
        or (states_before.created_on is distinct from states_now.created_on) as has_other_claim,
        states_now.credit_mapped_on > states_before.as_of_on as is_mapped_since,
        states_now.credit_engaged_on > states_before.as_of_on as is_engaged_since
    from states_before
    full outer join states_now
        on
            states_before.as_of_month = states_now.as_of_month
            and states_before.opportunity_key = states_now.opportunity_key

),

described as (

    select
        compared.*,
        compared.was_open and compared.outcome_now is not null as is_followed,
        first_months.first_month < compared.as_of_month as was_known,
        -- closed since the last list and never seen open in between
        not compared.was_open
        and coalesce(
            compared.outcome_now in ('won', 'lost')
            and compared.outcome_now <> coalesce(compared.outcome_before, 'unknown')
            and compared.closed_on >= compared.previous_month,
            false
        ) as is_passing,
        case
            when compared.has_other_decision then 'decision'
            when compared.has_other_claim then 'changed record'
            when compared.has_other_rule then 'rule version'
            when compared.is_mapped_since then 'mapping'
            when compared.is_engaged_since then 'engagement'
            else 'other evidence'
        end as credit_cause,
        case
            when not compared.was_listed and first_months.first_month < compared.as_of_month then 'record came back'
            when not compared.was_listed then 'new record'
            else 'changed record'
        end as record_cause,
        -- the price moves first, at the old rate, and then the rate
        case
            when compared.has_same_price then compared.amount_usd_before
            when
                compared.currency_before = compared.currency_now
                and compared.amount_usd_before is not null
                and compared.amount_usd_now is not null
                then {{ amount_in_usd('compared.amount_now', 'compared.usd_per_unit_before') }}
            else compared.amount_usd_now
        end as amount_at_old_rate_usd
    from compared
    inner join first_months on compared.opportunity_key = first_months.opportunity_key

),

movements as (

    select
        *,
        partner_id_now as partner_id,
        if(was_known, 'reopened', 'new') as movement,
        record_cause as cause,
        outcome_before as from_value,
        'open' as to_value,
        amount_usd_now as moved_usd,
        1 as open_opportunity_change
    from described
    where (is_open or is_passing) and not was_open and partner_id_now is not null
    union all
    select
        *,
        partner_id_before as partner_id,
        're-attributed' as movement,
        credit_cause as cause,
        partner_id_before as from_value,
        partner_id_now as to_value,
        -amount_usd_before as moved_usd,
        -1 as open_opportunity_change
    from described
    where is_followed and partner_id_before is not null and partner_id_before is distinct from partner_id_now
    union all
    select
        *,
        partner_id_now as partner_id,
        're-attributed' as movement,
        credit_cause as cause,
        partner_id_before as from_value,
        partner_id_now as to_value,
        amount_usd_before as moved_usd,
        1 as open_opportunity_change
    from described
    where is_followed and partner_id_now is not null and partner_id_before is distinct from partner_id_now
    union all
    select
        *,
        partner_id_now as partner_id,
        're-priced' as movement,
        'changed record' as cause,
        amount_before || coalesce(' ' || currency_before, '') as from_value,
        amount_now || coalesce(' ' || currency_now, '') as to_value,
        coalesce(amount_at_old_rate_usd, 0) - coalesce(amount_usd_before, 0) as moved_usd,
        0 as open_opportunity_change
    from described
    where
        is_followed
        and partner_id_now is not null
        and amount_at_old_rate_usd is distinct from amount_usd_before
    union all
    select
        *,
        partner_id_now as partner_id,
        'revalued' as movement,
        'exchange rate' as cause,
        cast(usd_per_unit_before as varchar) as from_value,
        cast(usd_per_unit_now as varchar) as to_value,
        coalesce(amount_usd_now, 0) - coalesce(amount_at_old_rate_usd, 0) as moved_usd,
        0 as open_opportunity_change
    from described
    where is_followed and partner_id_now is not null and amount_usd_now is distinct from amount_at_old_rate_usd
    union all
    select
        *,
        partner_id_now as partner_id,
        'slipped' as movement,
        'changed record' as cause,
        {{ quarter_label('expected_close_on_before') }} as from_value,
        {{ quarter_label('expected_close_on_now') }} as to_value,
        0 as moved_usd,
        0 as open_opportunity_change
    from described
    where
        was_open
        and is_open
        and partner_id_now is not null
        and {{ quarter_of('expected_close_on_now') }} > {{ quarter_of('expected_close_on_before') }}
    union all
    select
        *,
        partner_id_now as partner_id,
        outcome_now as movement,
        record_cause as cause,
        'open' as from_value,
        outcome_now as to_value,
        -amount_usd_now as moved_usd,
        -1 as open_opportunity_change
    from described
    where (was_open or is_passing) and outcome_now in ('won', 'lost') and partner_id_now is not null
    union all
    select
        *,
        partner_id_before as partner_id,
        'gone' as movement,
        if(is_listed, 'changed record', 'record gone') as cause,
        'open' as from_value,
        null as to_value,
        -amount_usd_before as moved_usd,
        -1 as open_opportunity_change
    from described
    where was_open and outcome_now is null and partner_id_before is not null

),

final as (

    select
        -- keys
        as_of_month,
        previous_month,
        opportunity_key,
        source_id,
        account_key,
        partner_id,
        -- the movement
        movement,
        cause,
        from_value,
        to_value,
        cast(moved_usd as decimal(38, 2)) as amount_usd,
        cast(open_opportunity_change as integer) as open_opportunity_change
    from movements

)

select * from final
