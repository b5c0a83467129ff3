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

described as (
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
        coalesce(name_forms.has_mixed_scripts, false) as has_mixed_scripts,
        accounts.website_host,
        host_domains.domain,
        host_domains.delivered_domain,
        host_domains.domain_label,
        coalesce(host_domains.has_generic_domain, false) as has_generic_domain,
        coalesce(host_domains.has_domain_alias, false) as has_domain_alias,
        upper(accounts.country_code) as country_code,
        folded_text(accounts.state) as state,
        folded_text(accounts.city) as city,
        phone_digits(accounts.phone) as phone,
        valid_registration_number(accounts.lei, 'lei') as lei,
        valid_registration_number(accounts.duns, 'duns') as duns,
        valid_registration_number(accounts.vat_number, 'vat') as vat_number,
        valid_registration_number(accounts.siret, 'siret') as siret,
        valid_registration_number(accounts.cik, 'cik') as cik
    from accounts
    left join name_forms
        on accounts.name = name_forms.name
    left join host_domains
        on accounts.website_host = host_domains.website_host
)

select * from described
