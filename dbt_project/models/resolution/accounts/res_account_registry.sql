-- Which account each record belonged to, month by month: the memory that keeps account keys stable, and of what they
-- rested on.
{{ history() }}

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

exchanged_records as (

    select * from {{ ref('res_earlier_records') }}
    where not is_same_company

),

kept_keys as (

    select * from {{ ref('stg_kept_keys') }}
    where kind = 'account'

),

account_ids as (

    select * from {{ ref('stg_account_ids') }}
    where not is_merged

),

described_records as (

    select
        record_key,
        md5(
            concat_ws(
                chr(31)
                {%- for attribute in fingerprinted_attributes() -%}
                , coalesce({{ attribute }}, '')
                {%- endfor -%}
            )
        ) as record_fingerprint
    from records

),

{{ earlier_months(['record_key', 'account_key', 'record_fingerprint']) }},

-- Whose unit began to tell its ids apart is remembered by the id it had.
renamed_months as (

    select earlier_months.* replace (coalesce(account_ids.record_key, earlier_months.record_key) as record_key)
    from earlier_months
    left join account_ids
        on
            earlier_months.record_key = concat(account_ids.party_id, ':', account_ids.account_id)
            and account_ids.record_key like concat(account_ids.party_id, ':%/', account_ids.account_id)

),

-- A record that is another company by now has forgotten the months in which it was the one before: the key stays with
-- that company's other records.
remembered_months as (

    select renamed_months.*
    from renamed_months
    left join exchanged_records
        on
            renamed_months.record_key = exchanged_records.record_key
            and renamed_months.as_of_month >= exchanged_records.first_month
            and renamed_months.as_of_month < exchanged_records.until_month
    where exchanged_records.record_key is null

),

{{ stable_keys(
    'record_clusters', 'record_key', 'account_key', 'a-', 'remembered_months',
    "starts_with(record_clusters.record_key, 'us:')"
) }},

-- What each record was when it was last there.
last_records as (

    select
        as_of_month,
        record_key,
        account_key,
        record_fingerprint
    from renamed_months
    qualify row_number() over (
        partition by record_key
        order by as_of_month desc
    ) = 1

),

last_months as (

    select max(as_of_month) as last_month
    from earlier_months

),

final as (

    select
        keyed_members.as_of_month,
        keyed_members.record_key,
        keyed_members.account_key,
        last_records.account_key as previous_account_key,
        described_records.record_fingerprint,
        rules.rules_version,
        case
            when last_records.record_key is null then 'new'
            when remembered_months.record_key is null then 'exchanged'
            when last_records.as_of_month < last_months.last_month then 'came back'
            when last_records.record_fingerprint <> described_records.record_fingerprint then 'changed'
            else 'unchanged'
        end as record_change
    from keyed_members
    inner join described_records
        on keyed_members.record_key = described_records.record_key
    cross join rules
    cross join last_months
    left join last_records
        on keyed_members.record_key = last_records.record_key
    left join remembered_months
        on
            last_records.record_key = remembered_months.record_key
            and last_records.as_of_month = remembered_months.as_of_month

)

select * from final
