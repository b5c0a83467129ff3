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

placeholders as (

    select * from {{ ref('placeholders') }}

),

placeholder_names as (

    select distinct name_forms.normalized_name
    from placeholders
    inner join name_forms
        on placeholders.value = name_forms.name
    where placeholders.field = 'name' and name_forms.normalized_name <> ''

),

placeholder_numbers as (

    select list(value) as numbers
    from placeholders
    where field = 'number'

),

-- Pairs are joined by number: in the order of keys, so that the smaller number has the smaller key.
record_numbers as (

    select
        record_key,
        party_id,
        cast(row_number() over (order by record_key) as integer) as record_number
    from accounts

),

our_size as (

    select count(*) as record_count
    from accounts
    where party_id = 'us'

),

numbered as (

    select
        accounts.record_key,
        accounts.party_id,
        accounts.source_id,
        accounts.name,
        name_forms.normalized_name,
        -- what people write who know no name is none
        case when placeholder_names.normalized_name is null then name_forms.core_name else '' end as core_name,
        name_forms.legal_form,
        name_forms.legal_class,
        name_forms.other_core_names,
        accounts.website_host,
        host_domains.domain,
        host_domains.delivered_domain,
        host_domains.domain_label,
        coalesce(name_forms.has_mixed_scripts, false) as has_mixed_scripts,
        coalesce(host_domains.has_generic_domain, false) as has_generic_domain,
        coalesce(host_domains.has_domain_alias, false) as has_domain_alias,
        upper(accounts.country_code) as country_code,
        -- functions in Python are asked only where there is something to ask
        case when accounts.state is not null then folded_text(accounts.state) end as state,
        case when accounts.city is not null then folded_text(accounts.city) end as city,
        case
            when accounts.phone is not null and not {{ is_placeholder_number('accounts.phone') }}
                then phone_digits(accounts.phone)
        end as phone,
        {% for scheme in registration_schemes() -%}
        case
            when
                accounts.{{ scheme.column }} is not null
                and not {{ is_placeholder_number('accounts.' ~ scheme.column) }}
                then valid_registration_number(accounts.{{ scheme.column }}, '{{ scheme.scheme }}')
        end as {{ scheme.column }},
        {% endfor -%}
        record_numbers.record_number,
        -- as many as var stand_in_count of our own records, spread over the whole list
        record_numbers.party_id = 'us'
        and record_numbers.record_number
        % cast(greatest(ceil(our_size.record_count / {{ var('stand_in_count') }}), 1) as integer) = 0 as is_stand_in
    from accounts
    inner join record_numbers
        on accounts.record_key = record_numbers.record_key
    cross join our_size
    left join name_forms
        on accounts.name = name_forms.name
    left join host_domains
        on accounts.website_host = host_domains.website_host
    left join placeholder_names
        on name_forms.normalized_name = placeholder_names.normalized_name
    cross join placeholder_numbers

),

-- An agency puts its own site on all its customers' records, and a group one site or number on all its companies'. What
-- another party does with a domain or a number says nothing about the records of this one.
domain_names as (

    select
        party_id,
        domain,
        count(distinct nullif(core_name, '')) as name_count
    from numbered
    where domain is not null
    group by party_id, domain

),

registrations as (

    {% for scheme in registration_schemes() -%}
    select
        record_number,
        party_id,
        core_name,
        '{{ scheme.scheme }}' as scheme,
        {{ scheme.column }} as registration_number
    from numbered
    where {{ scheme.column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

crowded_registrations as (

    select
        party_id,
        scheme,
        registration_number,
        count(distinct nullif(core_name, '')) as name_count
    from registrations
    group by party_id, scheme, registration_number
    having count(distinct nullif(core_name, '')) > 1

),

registration_names as (

    select
        registrations.record_number,
        max(crowded_registrations.name_count) as name_count
    from registrations
    inner join crowded_registrations
        on
            registrations.party_id = crowded_registrations.party_id
            and registrations.scheme = crowded_registrations.scheme
            and registrations.registration_number = crowded_registrations.registration_number
    group by registrations.record_number

),

final as (

    select
        numbered.*,
        domain_names.name_count as domain_name_count,
        registration_names.name_count as registration_name_count
    from numbered
    left join domain_names
        on
            numbered.party_id = domain_names.party_id
            and numbered.domain = domain_names.domain
    left join registration_names
        on numbered.record_number = registration_names.record_number

)

select * from final
