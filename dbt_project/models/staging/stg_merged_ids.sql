with recursive delivered_accounts as (

    select * from {{ source('raw', 'accounts') }}

),

current_exports as (

    select * from {{ ref('stg_current_exports') }}
    where object = 'accounts'

),

accounts as (

    select * from {{ ref('stg_accounts') }}

),

-- A list says once which ids a record has taken in: the months before are asked too.
stated_mergers as (

    select
        delivered_accounts.party_id,
        delivered_accounts.export_month,
        delivered_accounts.source_id as into_id,
        unnest({{ listed_words('delivered_accounts.merged_source_ids') }}) as account_id
    from delivered_accounts
    inner join current_exports
        on
            delivered_accounts.party_id = current_exports.party_id
            and delivered_accounts.export_month <= current_exports.export_month
    where delivered_accounts.merged_source_ids is not null

),

-- The last month that speaks of an id counts.
last_mergers as (

    select
        party_id,
        account_id,
        export_month,
        min(into_id) as into_id,
        count(distinct into_id) as into_count
    from stated_mergers
    group by party_id, account_id, export_month
    qualify row_number() over (
        partition by party_id, account_id
        order by export_month desc
    ) = 1

),

-- A record that is on its list is itself, whatever is said of its id; one that two records took in is nobody's.
mergers as (

    select
        last_mergers.party_id,
        last_mergers.account_id,
        last_mergers.into_id,
        last_mergers.export_month
    from last_mergers
    left join accounts
        on
            last_mergers.party_id = accounts.party_id
            and last_mergers.account_id = accounts.source_id
    where accounts.record_key is null and last_mergers.into_count = 1

),

-- From an id to the next. Only new steps go on, so that a circle ends.
steps as (

    select
        party_id,
        account_id,
        into_id as reached_id
    from mergers
    union
    select
        steps.party_id,
        steps.account_id,
        mergers.into_id as reached_id
    from steps
    inner join mergers
        on
            steps.party_id = mergers.party_id
            and steps.reached_id = mergers.account_id

),

reached_records as (

    select
        steps.party_id,
        steps.account_id,
        bool_or(steps.reached_id = steps.account_id) as is_circular,
        min(accounts.record_key) as record_key
    from steps
    left join accounts
        on
            steps.party_id = accounts.party_id
            and steps.reached_id = accounts.source_id
    group by steps.party_id, steps.account_id

),

final as (

    select
        mergers.party_id,
        mergers.account_id,
        mergers.into_id,
        mergers.export_month,
        reached_records.record_key,
        reached_records.is_circular
    from mergers
    inner join reached_records
        on
            mergers.party_id = reached_records.party_id
            and mergers.account_id = reached_records.account_id

)

select * from final
