-- Records ready to be compared: what each of them says about the company's name, place and identifiers.
with accounts as (

    select * from {{ ref('stg_accounts') }}

),

name_forms as (

    select * from {{ ref('res_name_forms') }}

),

host_domains as (

    select * from {{ ref('res_host_domains') }}

),

-- Pairs are joined by number: in the order of keys, so that the smaller number has the smaller key.
record_numbers as (

    select
        record_key,
        cast(row_number() over (order by record_key) as integer) as record_number
    from accounts

),

-- An agency puts its own site on all its customers' records, and a group one site on all its companies'.
party_domain_names as (

    select
        accounts.party_id,
        host_domains.domain,
        count(distinct name_forms.core_name) as name_count
    from accounts
    inner join name_forms
        on accounts.name = name_forms.name
    inner join host_domains
        on accounts.website_host = host_domains.website_host
    where host_domains.domain is not null
    group by accounts.party_id, host_domains.domain

),

domain_names as (

    select
        domain,
        max(name_count) as domain_name_count
    from party_domain_names
    group by domain

),

final as (

    select
        accounts.record_key,
        accounts.party_id,
        accounts.source_id,
        accounts.name,
        name_forms.normalized_name,
        name_forms.core_name,
        name_forms.legal_form,
        name_forms.legal_class,
        name_forms.other_core_names,
        accounts.website_host,
        host_domains.domain,
        host_domains.delivered_domain,
        host_domains.domain_label,
        domain_names.domain_name_count,
        coalesce(name_forms.has_mixed_scripts, false) as has_mixed_scripts,
        coalesce(host_domains.has_generic_domain, false) as has_generic_domain,
        coalesce(host_domains.has_domain_alias, false) as has_domain_alias,
        upper(accounts.country_code) as country_code,
        -- functions in Python are asked only where there is something to ask
        case when accounts.state is not null then folded_text(accounts.state) end as state,
        case when accounts.city is not null then folded_text(accounts.city) end as city,
        case when accounts.phone is not null then phone_digits(accounts.phone) end as phone,
        {% for scheme in registration_schemes() -%}
        case
            when accounts.{{ scheme.column }} is not null
                then valid_registration_number(accounts.{{ scheme.column }}, '{{ scheme.scheme }}')
        end as {{ scheme.column }},
        {% endfor -%}
        record_numbers.record_number
    from accounts
    inner join record_numbers
        on accounts.record_key = record_numbers.record_key
    left join name_forms
        on accounts.name = name_forms.name
    left join host_domains
        on accounts.website_host = host_domains.website_host
    left join domain_names
        on host_domains.domain = domain_names.domain

)

select * from final
