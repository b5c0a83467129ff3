with rules as (

    select * from {{ ref('fct_partner_sharing') }}

),

alignment as (

    select * from {{ ref('mart_icp_alignment') }}

),

prepared as (

    select
        alignment.partner_id,
        alignment.attribute_number,
        alignment.attribute,
        alignment.partner_definition as your_definition,
        alignment.our_definition as our_icp_definition,
        string_split(rules.shared_fields, ';') as granted_fields
    from alignment
    inner join rules on alignment.partner_id = rules.partner_id
    where list_contains(string_split(rules.shared_fields, ';'), 'our_icp_definition')

),

final as (

    select
        {{ outbound_columns('granted_fields') }}
    from prepared

)

select * from final
