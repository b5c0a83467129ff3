-- Every distinct host, of records and of exclusions, with the domain that somebody registered.
with accounts as (

    select * from {{ ref('stg_accounts') }}

),

exclusions as (

    select * from {{ ref('stg_exclusions') }}

),

generic_domains as (

    select * from {{ ref('generic_domains') }}

),

placeholder_labels as (

    select value as label from {{ ref('placeholders') }}
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

),

host_parts as (

    select
        website_host,
        domain_parts(website_host) as parts
    from hosts

),

described as (

    select
        host_parts.website_host,
        host_parts.parts,
        domain_aliases.canonical_domain,
        domain_aliases.domain is not null as has_domain_alias,
        generic_domains.domain is not null or placeholder_labels.label is not null as has_generic_domain
    from host_parts
    left join domain_aliases
        on host_parts.parts.domain = domain_aliases.domain
    left join generic_domains
        on host_parts.parts.domain = generic_domains.domain
    left join placeholder_labels
        on replace(host_parts.parts.label, '-', '') = placeholder_labels.label

),

final as (

    select
        website_host,
        case when not has_generic_domain then coalesce(canonical_domain, parts.domain) end as domain,
        case when not has_generic_domain then parts.domain end as delivered_domain,
        case when not has_generic_domain then parts.label end as domain_label,
        has_domain_alias,
        has_generic_domain
    from described

)

select * from final
