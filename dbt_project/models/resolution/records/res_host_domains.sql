-- Every distinct host, of records today and before, of exclusions, of what people named and of the partners, with the
-- domain that somebody registered.
with accounts as (

    select * from {{ ref('stg_accounts') }}

),

exclusions as (

    select * from {{ ref('stg_exclusions') }}

),

named_records as (

    select * from {{ ref('stg_named_records') }}

),

earlier_accounts as (

    select * from {{ ref('stg_earlier_accounts') }}

),

partner_hosts as (

    select * from {{ ref('stg_partner_hosts') }}

),

generic_domains as (

    select * from {{ ref('generic_domains') }}

),

placeholders as (

    select * from {{ ref('placeholders') }}
    where field = 'host_label'

),

domain_aliases as (

    select * from {{ ref('domain_aliases') }}

),

hosts as (

    select website_host
    from accounts
    where website_host is not null
    union
    select website_host
    from exclusions
    where website_host is not null
    union
    select website_host
    from named_records
    where website_host is not null
    union
    select website_host
    from earlier_accounts
    where website_host is not null
    union
    select website_host
    from partner_hosts

),

parted as (

    select
        website_host,
        domain_parts(website_host) as parts
    from hosts

),

host_parts as (

    select
        website_host,
        struct_extract(parts, 'domain') as delivered_domain,
        struct_extract(parts, 'label') as domain_label
    from parted

),

final as (

    select
        host_parts.website_host,
        case
            when generic_domains.domain is null and placeholders.value is null
                then coalesce(domain_aliases.canonical_domain, host_parts.delivered_domain)
        end as domain,
        case
            when generic_domains.domain is null and placeholders.value is null then host_parts.delivered_domain
        end as delivered_domain,
        case
            when generic_domains.domain is null and placeholders.value is null then host_parts.domain_label
        end as domain_label,
        domain_aliases.domain is not null as has_domain_alias,
        generic_domains.domain is not null or placeholders.value is not null as has_generic_domain
    from host_parts
    left join domain_aliases
        on host_parts.delivered_domain = domain_aliases.domain
    left join generic_domains
        on host_parts.delivered_domain = generic_domains.domain
    left join placeholders
        on replace(host_parts.domain_label, '-', '') = placeholders.value

)

select * from final
