with partners as (

    select * from {{ ref('dim_partners') }}
    where list_status in ('current list', 'stale list')

),

attributes as (

    select * from {{ ref('icp_attributes') }}

),

rules as (

    select * from {{ ref('stg_icp_rules') }}
    where is_in_force

),

size_bands as (

    select * from {{ ref('size_bands') }}

),

alignment_levels as (

    select * from {{ ref('alignment_levels') }}

),

account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_rules as (

    select * from {{ ref('fct_account_icp_rules') }}
    where outcome <> 'unknown'

),

definitions as (

    select
        party_id,
        attribute,
        string_agg(concat_ws(' ', field, operator, rule_value), '; ' order by field_number) as definition
    from rules
    group by party_id, attribute

),

-- A definition as a set of values: words as they are, a range as the bands it touches.
rule_words as (

    select
        party_id,
        field,
        unnest(words) as word
    from rules

),

rule_values as (

    select
        party_id,
        field,
        lower(word) as compared_value,
        word as value,
        0 as value_number
    from rule_words
    union all
    select
        rules.party_id,
        rules.field,
        size_bands.band as compared_value,
        size_bands.band as value,
        size_bands.band_number as value_number
    from rules
    inner join size_bands
        on
            rules.field = size_bands.field
            and coalesce(rules.highest_value >= size_bands.least, true)
            and coalesce(rules.lowest_value < size_bands.most, true)

),

partner_fields as (

    select
        partners.partner_id,
        rules.attribute,
        rules.field,
        rules.field_number,
        bool_or(rules.party_id = 'us') as is_ours,
        bool_or(rules.party_id <> 'us') as is_theirs
    from partners
    inner join rules on rules.party_id in ('us', partners.partner_id)
    group by partners.partner_id, rules.attribute, rules.field, rules.field_number

),

-- Every value of a field that both define, once, with whose it is.
compared_values as (

    select
        partner_fields.partner_id,
        partner_fields.attribute,
        partner_fields.field,
        partner_fields.field_number,
        rule_values.compared_value,
        rule_values.value_number,
        max(rule_values.value) as value,
        bool_or(rule_values.party_id = 'us') as is_ours,
        bool_or(rule_values.party_id <> 'us') as is_theirs
    from partner_fields
    inner join rule_values
        on
            partner_fields.field = rule_values.field
            and rule_values.party_id in ('us', partner_fields.partner_id)
    where partner_fields.is_ours and partner_fields.is_theirs
    group by
        partner_fields.partner_id, partner_fields.attribute, partner_fields.field, partner_fields.field_number,
        rule_values.compared_value, rule_values.value_number

),

compared_fields as (

    select
        partner_id,
        attribute,
        field,
        field_number,
        cast(round((count(*) filter (where is_ours and is_theirs)) / count(*), 12) as decimal(18, 12)) as shared_rate,
        string_agg(value, ', ' order by value_number, value) filter (where is_ours and is_theirs) as shared_values,
        string_agg(value, ', ' order by value_number, value) filter (where not is_theirs) as our_values,
        string_agg(value, ', ' order by value_number, value) filter (where not is_ours) as partner_values
    from compared_values
    group by partner_id, attribute, field, field_number

),

compared_attributes as (

    select
        partner_id,
        attribute,
        cast(round(sum(shared_rate) / count(*), 6) as decimal(9, 6)) as definition_rate,
        coalesce(string_agg(shared_values, ' / ' order by field_number), 'nothing') as shared_values,
        string_agg(our_values, ' / ' order by field_number) as our_values,
        string_agg(partner_values, ' / ' order by field_number) as partner_values
    from compared_fields
    group by partner_id, attribute

),

lone_fields as (

    select
        partner_id,
        attribute,
        string_agg(field, ', ' order by field_number) filter (where not is_theirs) as our_fields,
        string_agg(field, ', ' order by field_number) filter (where not is_ours) as partner_fields
    from partner_fields
    group by partner_id, attribute

),

levels as (

    select
        compared_attributes.partner_id,
        compared_attributes.attribute,
        max(alignment_levels.alignment_level) as alignment_level
    from compared_attributes
    inner join alignment_levels on compared_attributes.definition_rate >= alignment_levels.least_rate
    group by compared_attributes.partner_id, compared_attributes.attribute

),

-- What the accounts say: where something is known to both definitions, is everything known of it met by both?
account_attributes as (

    select
        account_key,
        party_id,
        attribute,
        bool_and(outcome = 'met') as is_met
    from account_rules
    group by account_key, party_id, attribute

),

counted_accounts as (

    select
        account_overlaps.partner_id,
        ours.attribute,
        count(*) as known_account_count,
        count(*) filter (where ours.is_met and theirs.is_met) as agreeing_account_count
    from account_overlaps
    inner join account_attributes as ours
        on account_overlaps.account_key = ours.account_key and ours.party_id = 'us'
    inner join account_attributes as theirs
        on
            account_overlaps.account_key = theirs.account_key
            and account_overlaps.partner_id = theirs.party_id
            and ours.attribute = theirs.attribute
    group by account_overlaps.partner_id, ours.attribute

),

joined as (

    select
        partners.partner_id,
        partners.name as partner_name,
        attributes.attribute,
        attributes.attribute_number,
        attributes.is_averaged,
        our_definitions.definition as our_definition,
        partner_definitions.definition as partner_definition,
        compared_attributes.definition_rate,
        compared_attributes.shared_values,
        compared_attributes.our_values,
        compared_attributes.partner_values,
        lone_fields.our_fields,
        lone_fields.partner_fields,
        levels.alignment_level,
        coalesce(counted_accounts.known_account_count, 0) as known_account_count,
        coalesce(counted_accounts.agreeing_account_count, 0) as agreeing_account_count
    from partners
    cross join attributes
    left join definitions as our_definitions
        on attributes.attribute = our_definitions.attribute and our_definitions.party_id = 'us'
    left join definitions as partner_definitions
        on
            partners.partner_id = partner_definitions.party_id
            and attributes.attribute = partner_definitions.attribute
    left join compared_attributes
        on
            partners.partner_id = compared_attributes.partner_id
            and attributes.attribute = compared_attributes.attribute
    left join lone_fields
        on partners.partner_id = lone_fields.partner_id and attributes.attribute = lone_fields.attribute
    left join levels on partners.partner_id = levels.partner_id and attributes.attribute = levels.attribute
    left join counted_accounts
        on
            partners.partner_id = counted_accounts.partner_id
            and attributes.attribute = counted_accounts.attribute

),

final as (

    select
        partner_id,
        partner_name,
        attribute,
        attribute_number,
        our_definition,
        partner_definition,
        definition_rate,
        alignment_level,
        is_averaged,
        known_account_count,
        agreeing_account_count,
        {{ rate('agreeing_account_count', 'known_account_count') }} as data_agreement_rate,
        case
            when our_definition is null and partner_definition is null then 'Neither defines it.'
            when partner_definition is null then 'Only we define it.'
            when our_definition is null then 'Only they define it.'
            else
                concat_ws(
                    ' ',
                    'Both: ' || shared_values || '.',
                    'Only we: ' || our_values || '.',
                    'Only they: ' || partner_values || '.',
                    'Only we define ' || our_fields || '.',
                    'Only they define ' || partner_fields || '.'
                )
        end as note
    from joined

)

select * from final
