-- Which person each contact was, month by month: the memory that keeps person keys stable. It holds keys and no names.
{{ history() }}

with contact_clusters as (
    select * from {{ ref('res_contact_clusters') }}
),

kept_keys as (
    select * from {{ ref('stg_kept_keys') }}
    where kind = 'person'
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
        cast(null as varchar) as contact_key,
        cast(null as varchar) as person_key
    where false
),
{%- endif %}

{{ stable_keys('contact_clusters', 'contact_key', 'person_key', 'p-') }}

select * from final
