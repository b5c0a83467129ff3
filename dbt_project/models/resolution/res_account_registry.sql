-- Which account each record belonged to, month by month: the memory that keeps account keys stable, and of what they
-- rested on.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='fail',
        pre_hook=[
            "{% if is_incremental() %}delete from {{ this }} where as_of_month >= {{ as_of_month() }}{% endif %}"
        ]
    )
}}

with record_clusters as (
    select * from {{ ref('res_record_clusters') }}
),

records as (
    select * from {{ ref('res_account_records') }}
),

rules as (
    select max(version) as rules_version
    from {{ ref('match_weights') }}
),

described_records as (
    select
        record_key,
        md5(
            concat_ws(
                chr(31)
                {%- for attribute in telling_attributes() -%}
                , coalesce({{ attribute }}, '')
                {%- endfor -%}
            )
        ) as record_fingerprint
    from records
),

{% if is_incremental() -%}
earlier_months as (
    select * from {{ this }}
    where as_of_month < {{ as_of_month() }}
),
{%- else -%}
earlier_months as (
    select
        cast(null as date) as as_of_month,
        cast(null as varchar) as record_key,
        cast(null as varchar) as account_key,
        cast(null as varchar) as record_fingerprint
    where false
),
{%- endif %}

-- A record that was away for a while still remembers its account.
last_keys as (
    select
        as_of_month,
        record_key,
        account_key,
        record_fingerprint
    from earlier_months
    qualify row_number() over (
        partition by record_key
        order by as_of_month desc
    ) = 1
),

last_months as (
    select max(as_of_month) as last_month
    from earlier_months
),

shares as (
    select
        record_clusters.cluster_key,
        last_keys.account_key,
        count(*) as record_count
    from record_clusters
    inner join last_keys
        on record_clusters.record_key = last_keys.record_key
    group by record_clusters.cluster_key, last_keys.account_key
),

-- A split account's key goes with most of its records …
heirs as (
    select *
    from shares
    qualify row_number() over (
        partition by account_key
        order by record_count desc, cluster_key asc
    ) = 1
),

-- … and a merged account takes the key that brought most records.
inherited_keys as (
    select *
    from heirs
    qualify row_number() over (
        partition by cluster_key
        order by record_count desc, account_key asc
    ) = 1
),

used_keys as (
    select distinct account_key
    from earlier_months
),

-- A new account is named after its smallest record, and after the month as well where that name is taken.
new_keys as (
    select
        record_clusters.cluster_key,
        'a-' || left(md5(record_clusters.cluster_key), 16) as plain_key,
        'a-' || left(md5(record_clusters.cluster_key || ' ' || cast({{ as_of_month() }} as varchar)), 16) as dated_key
    from record_clusters
    where record_clusters.record_key = record_clusters.cluster_key
),

cluster_keys as (
    select
        new_keys.cluster_key,
        coalesce(
            inherited_keys.account_key,
            case when used_keys.account_key is null then new_keys.plain_key else new_keys.dated_key end
        ) as account_key
    from new_keys
    left join inherited_keys
        on new_keys.cluster_key = inherited_keys.cluster_key
    left join used_keys
        on new_keys.plain_key = used_keys.account_key
),

final as (
    select
        {{ as_of_month() }} as as_of_month,
        record_clusters.record_key,
        cluster_keys.account_key,
        last_keys.account_key as previous_account_key,
        described_records.record_fingerprint,
        rules.rules_version,
        case
            when last_keys.record_key is null then 'new'
            when last_keys.as_of_month < last_months.last_month then 'came back'
            when last_keys.record_fingerprint <> described_records.record_fingerprint then 'changed'
            else 'unchanged'
        end as record_change
    from record_clusters
    inner join cluster_keys
        on record_clusters.cluster_key = cluster_keys.cluster_key
    inner join described_records
        on record_clusters.record_key = described_records.record_key
    cross join rules
    cross join last_months
    left join last_keys
        on record_clusters.record_key = last_keys.record_key
)

select * from final
