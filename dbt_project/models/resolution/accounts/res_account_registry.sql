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

kept_keys as (

    select * from {{ ref('stg_kept_keys') }}
    where kind = 'account'

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

{{ stable_keys('record_clusters', 'record_key', 'account_key', 'a-') }},

-- What each record was when it was last there.
last_records as (

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

)

select * from final
