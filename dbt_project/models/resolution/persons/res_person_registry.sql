-- Which person each contact was, month by month: the memory that keeps person keys stable. It holds keys and no names.
{{ history() }}

with contact_clusters as (

    select * from {{ ref('res_contact_clusters') }}

),

kept_keys as (

    select * from {{ ref('stg_kept_keys') }}
    where kind = 'person'

),

{{ earlier_months(['contact_key', 'person_key']) }},

{{ stable_keys('contact_clusters', 'contact_key', 'person_key', 'p-') }},

final as (

    select
        as_of_month,
        contact_key,
        person_key
    from keyed_members

)

select * from final
