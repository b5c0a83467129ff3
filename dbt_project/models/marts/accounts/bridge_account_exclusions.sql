with exclusions as (

    select * from {{ ref('stg_exclusions') }}
    where is_in_force

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

named_records as (

    select * from {{ ref('res_named_records') }}

),

matches as (

    select * from {{ ref('fct_account_matches') }}
    where left_account_key <> right_account_key and is_open

),

compared_records as (

    select * from {{ ref('res_account_records') }}

),

name_forms as (

    select * from {{ ref('res_name_forms') }}

),

host_domains as (

    select * from {{ ref('res_host_domains') }}

),

-- The record that is named, whatever its id is by now, and what else is that company.
by_record as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'record' as matched_by
    from exclusions
    inner join named_records
        on
            exclusions.record_key = named_records.named_record_key
            and exclusions.since = named_records.named_on
    inner join account_records on named_records.record_key = account_records.record_key

),

-- A domain that many companies share (free-mail, hosting) is null in resolution and takes hold of nobody.
by_domain as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'domain' as matched_by
    from exclusions
    inner join host_domains on exclusions.website_host = host_domains.website_host
    inner join compared_records on host_domains.domain = compared_records.domain
    inner join account_records on compared_records.record_key = account_records.record_key

),

-- Legal forms apart: a name that is kept from partners stays kept when a list writes Ltd behind it.
by_name as (

    select
        exclusions.exclusion_id,
        account_records.account_key,
        'name' as matched_by
    from exclusions
    inner join name_forms on exclusions.account_name = name_forms.name
    inner join compared_records on name_forms.core_name = compared_records.core_name
    inner join account_records on compared_records.record_key = account_records.record_key
    where name_forms.core_name <> ''

),

-- One record is enough: an exclusion applies to the whole account, whatever its other records are called.
found as (

    select * from by_record
    union all
    select * from by_domain
    union all
    select * from by_name

),

excluded_accounts as (

    select
        account_key,
        exclusion_id,
        max(case when matched_by = 'record' then 1 else 0 end) = 1 as is_matched_by_record,
        max(case when matched_by = 'domain' then 1 else 0 end) = 1 as is_matched_by_domain,
        max(case when matched_by = 'name' then 1 else 0 end) = 1 as is_matched_by_name
    from found
    group by account_key, exclusion_id

),

-- Whoever may be an excluded account is held back as it is, until a person has said whether it is.
open_matches as (

    select
        left_account_key as account_key,
        right_account_key as other_account_key,
        right_name as other_name,
        left_record_key,
        right_record_key,
        match_millibits
    from matches
    union all
    select
        right_account_key as account_key,
        left_account_key as other_account_key,
        left_name as other_name,
        left_record_key,
        right_record_key,
        match_millibits
    from matches

),

lookalikes as (

    select
        open_matches.account_key,
        excluded_accounts.exclusion_id,
        concat(
            'May be ', open_matches.other_name, ', which is excluded: decide first whether ',
            open_matches.left_record_key, ' and ', open_matches.right_record_key, ' are one company'
        ) as reason
    from open_matches
    inner join excluded_accounts
        on open_matches.other_account_key = excluded_accounts.account_key
    left join excluded_accounts as own_exclusions
        on
            open_matches.account_key = own_exclusions.account_key
            and excluded_accounts.exclusion_id = own_exclusions.exclusion_id
    where own_exclusions.account_key is null
    qualify row_number() over (
        partition by open_matches.account_key, excluded_accounts.exclusion_id
        order by open_matches.match_millibits desc, open_matches.left_record_key asc, open_matches.right_record_key asc
    ) = 1

),

kept_back as (

    select
        account_key,
        exclusion_id,
        cast(null as varchar) as what_to_decide,
        is_matched_by_record,
        is_matched_by_domain,
        is_matched_by_name
    from excluded_accounts
    union all
    select
        account_key,
        exclusion_id,
        reason as what_to_decide,
        false as is_matched_by_record,
        false as is_matched_by_domain,
        false as is_matched_by_name
    from lookalikes

),

final as (

    select
        kept_back.account_key,
        kept_back.exclusion_id,
        exclusions.partner_id,
        exclusions.excluded_by,
        exclusions.since,
        exclusions.until,
        kept_back.is_matched_by_record,
        kept_back.is_matched_by_domain,
        kept_back.is_matched_by_name,
        coalesce(kept_back.what_to_decide, exclusions.reason) as reason,
        kept_back.what_to_decide is not null as is_undecided
    from kept_back
    inner join exclusions on kept_back.exclusion_id = exclusions.exclusion_id

)

select * from final
