with accounts as (

    select * from {{ ref('dim_accounts') }}

),

partner_hosts as (

    select * from {{ ref('stg_partner_hosts') }}

),

host_domains as (

    select * from {{ ref('res_host_domains') }}

),

partner_domains as (

    select distinct
        partner_hosts.party_id,
        host_domains.domain
    from partner_hosts
    inner join host_domains on partner_hosts.website_host = host_domains.website_host

),

final as (

    select
        partner_domains.party_id as partner_id,
        accounts.account_key,
        accounts.domain
    from partner_domains
    inner join accounts on partner_domains.domain = accounts.domain

)

select * from final
