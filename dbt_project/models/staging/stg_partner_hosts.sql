with partners as (

    select * from {{ ref('stg_partners') }}

),

websites as (

    select
        party_id,
        unnest({{ listed_words('website') }}) as website
    from partners
    where website is not null

),

read_hosts as (

    select
        party_id,
        read_website_host(website) as website_host
    from websites

),

final as (

    select distinct
        party_id,
        website_host
    from read_hosts
    where website_host is not null

)

select * from final
