with sharing as (

    select * from {{ ref('fct_account_sharing') }}
    where is_counted

),

partner_sharing as (

    select * from {{ ref('fct_partner_sharing') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

counted as (

    select
        sharing.partner_id,
        account_overlaps.our_status,
        account_overlaps.partner_status
    from sharing
    inner join account_overlaps
        on
            sharing.account_key = account_overlaps.account_key
            and sharing.partner_id = account_overlaps.partner_id

),

-- How we stand with accounts is counted where the partner may see it of accounts.
placed as (

    select
        partner_id,
        1 as dimension_number,
        'all' as dimension,
        'all' as dimension_value
    from counted
    union all
    select
        partner_id,
        2 as dimension_number,
        'your_status' as dimension,
        partner_status as dimension_value
    from counted
    union all
    select
        counted.partner_id,
        3 as dimension_number,
        'our_status' as dimension,
        counted.our_status as dimension_value
    from counted
    inner join partner_sharing on counted.partner_id = partner_sharing.partner_id
    where list_contains(string_split(partner_sharing.shared_fields, ';'), 'our_status')

),

prepared as (

    select
        partner_id,
        dimension_number,
        dimension,
        dimension_value,
        string_split(cast(null as varchar), ';') as granted_fields,
        count(*) as account_count
    from placed
    group by partner_id, dimension_number, dimension, dimension_value

),

final as (

    select
        {{ outbound_columns('granted_fields') }}
    from prepared
    where account_count >= {{ var('least_shared_count') }}

)

select * from final
