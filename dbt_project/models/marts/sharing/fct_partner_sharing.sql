{%- set counts = [
    'overlap_count', 'counted_account_count', 'shown_overlap_count', 'shown_other_account_count', 'excluded_count',
    'undecided_count', 'hidden_count',
] -%}

with partners as (

    select
        *,
        list_status in ('current list', 'stale list') as has_list
    from {{ ref('dim_partners') }}

),

rules as (

    select * from {{ ref('stg_sharing_rules') }}

),

fields as (

    select * from {{ ref('stg_sharing_fields') }}
    where is_granted

),

account_sharing as (

    select * from {{ ref('fct_account_sharing') }}

),

granted as (

    select
        rules.partner_id,
        string_agg(fields.field, ';' order by fields.field) as shared_fields
    from rules
    inner join fields on rules.rule_key = fields.rule_key and rules.partner_id = fields.partner_id
    where rules.scope = 'partner' and rules.level in ('overlapping', 'all')
    group by rules.partner_id

),

counted as (

    select
        partner_id,
        count(*) filter (where is_overlap) as overlap_count,
        count(*) filter (where is_counted) as counted_account_count,
        count(*) filter (where is_shown and is_overlap) as shown_overlap_count,
        count(*) filter (where is_shown and not is_overlap) as shown_other_account_count,
        count(*) filter (where decided_by = 'exclusion') as excluded_count,
        count(*) filter (where decided_by = 'open question') as undecided_count,
        count(*) filter (where decided_by = 'hidden') as hidden_count,
        count(*) filter (where fields_without_consent is not null) as without_consent_count
    from account_sharing
    group by partner_id

),

final as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.list_status,
        rules.level as sharing_level,
        rules.preset,
        granted.shared_fields,
        {% for count in counts %}
        case when partners.has_list then coalesce(counted.{{ count }}, 0) end as {{ count }},
        {% endfor %}
        case when partners.has_list then coalesce(counted.without_consent_count, 0) end as without_consent_count
    from partners
    left join rules on partners.partner_id = rules.partner_id and rules.scope = 'partner'
    left join granted on partners.partner_id = granted.partner_id
    left join counted on partners.partner_id = counted.partner_id

)

select * from final
