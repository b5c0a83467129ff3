with rules as (

    select * from {{ ref('stg_sharing_rules') }}

),

presets as (

    select * from {{ ref('sharing_presets') }}

),

sharing_fields as (

    select * from {{ ref('sharing_fields') }}

),

consents as (

    select distinct
        partner_id,
        field
    from {{ ref('sharing_consents') }}
    where {{ is_in_force('consented_on', 'valid_until') }}

),

-- A field that needs both sides is given where the partner has consented too.
final as (

    select
        rules.rule_key,
        rules.partner_id,
        presets.field,
        not sharing_fields.needs_consent or consents.field is not null as is_granted
    from rules
    inner join presets on rules.preset = presets.preset
    inner join sharing_fields on presets.field = sharing_fields.field
    left join consents on rules.partner_id = consents.partner_id and presets.field = consents.field

)

select * from final
