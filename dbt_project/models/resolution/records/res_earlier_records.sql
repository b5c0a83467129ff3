-- What records have said of themselves before, and whether that was the company that they are today.
with earlier_accounts as (

    select * from {{ ref('stg_earlier_accounts') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

name_forms as (

    select * from {{ ref('res_name_forms') }}

),

host_domains as (

    select * from {{ ref('res_host_domains') }}

),

companies as (

    select
        earlier_accounts.record_key,
        earlier_accounts.first_month,
        earlier_accounts.until_month,
        coalesce(name_forms.has_mixed_scripts, false) as has_mixed_scripts,
        {{ comparable_company('earlier_accounts') }}
    from earlier_accounts
    left join name_forms
        on earlier_accounts.name = name_forms.name
    left join host_domains
        on earlier_accounts.website_host = host_domains.website_host

),

compared as (

    select
        companies.*,
        records.record_number,
        records.party_id,
        {{ is_recognisable('companies', 'records') }} as is_recognisable
    from companies
    inner join records
        on companies.record_key = records.record_key

),

-- Our own records may change step by step, first the name and then the domain; of a partner's, who would follow each
-- step might be led anywhere.
linked as (

    select distinct
        companies.record_key,
        companies.first_month,
        companies.until_month
    from compared as companies
    inner join compared as links
        on
            companies.record_key = links.record_key
            and ({{ is_recognisable('companies', 'links') }})
    where companies.party_id = 'us' and links.is_recognisable

),

final as (

    select
        compared.*,
        compared.is_recognisable or linked.record_key is not null as is_same_company
    from compared
    left join linked
        on
            compared.record_key = linked.record_key
            and compared.first_month = linked.first_month
            and compared.until_month = linked.until_month

)

select * from final
