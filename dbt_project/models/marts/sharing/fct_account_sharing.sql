with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_on_our_list and not is_partner

),

account_records as (

    select * from {{ ref('bridge_account_records') }}
    where party_id = 'us'

),

named_records as (

    select * from {{ ref('stg_named_records') }}
    where named_on is null

),

rules as (

    select * from {{ ref('stg_sharing_rules') }}

),

segments as (

    select * from {{ ref('stg_sharing_segments') }}

),

fields as (

    select * from {{ ref('stg_sharing_fields') }}

),

matches as (

    select * from {{ ref('fct_account_matches') }}
    where is_open and is_same_account

),

-- A pair that a person has not answered yet may be two companies after all, whatever joined them meanwhile.
open_questions as (

    select
        left_account_key as account_key,
        left_party_id as partner_id
    from matches
    union
    select
        left_account_key as account_key,
        right_party_id as partner_id
    from matches

),

numbered_rules as (

    select
        *,
        {{ level_number('level') }} as level_number
    from rules

),

-- Accounts that only we list are asked about where a rule of the partner may give them.
partners_of_all as (

    select distinct partner_id
    from numbered_rules
    where level = 'all'

),

asked as (

    select account_overlaps.*
    from account_overlaps
    left join partners_of_all on account_overlaps.partner_id = partners_of_all.partner_id
    where account_overlaps.is_overlap or partners_of_all.partner_id is not null

),

-- Which accounts a rule is about; a record stands for its whole account.
accounts_of_rules as (

    select distinct
        numbered_rules.rule_key,
        numbered_rules.partner_id,
        account_records.account_key
    from numbered_rules
    inner join segments
        on
            numbered_rules.segment_field = segments.segment_field
            and numbered_rules.segment_value = segments.segment_value
    inner join account_records on segments.record_key = account_records.record_key
    where numbered_rules.scope = 'segment'
    union all
    select distinct
        numbered_rules.rule_key,
        numbered_rules.partner_id,
        account_records.account_key
    from numbered_rules
    inner join named_records on numbered_rules.record_key = named_records.named_record_key
    inner join account_records on named_records.record_key = account_records.record_key
    where numbered_rules.scope = 'account'

),

met as (

    select
        asked.account_key,
        asked.partner_id,
        numbered_rules.rule_key,
        numbered_rules.scope,
        numbered_rules.level_number
    from asked
    inner join numbered_rules on asked.partner_id = numbered_rules.partner_id and numbered_rules.scope = 'partner'
    union all
    select
        asked.account_key,
        asked.partner_id,
        numbered_rules.rule_key,
        numbered_rules.scope,
        numbered_rules.level_number
    from asked
    inner join accounts_of_rules
        on asked.account_key = accounts_of_rules.account_key and asked.partner_id = accounts_of_rules.partner_id
    inner join numbered_rules
        on
            accounts_of_rules.rule_key = numbered_rules.rule_key
            and accounts_of_rules.partner_id = numbered_rules.partner_id

),

-- The account before its segment, the segment before the partner; but what one of them hides is hidden.
scoped as (

    select
        account_key,
        partner_id,
        min(level_number) = 0 as is_hidden,
        case
            when count(*) filter (where scope = 'account') > 0 then 'account'
            when count(*) filter (where scope = 'segment') > 0 then 'segment'
            else 'partner'
        end as deciding_scope
    from met
    group by account_key, partner_id

),

-- Of several rules of that scope the strictest: the lowest level, and only the fields that all of them give.
decided as (

    select
        scoped.account_key,
        scoped.partner_id,
        scoped.deciding_scope,
        scoped.is_hidden,
        min(met.level_number) as level_number,
        string_agg(met.rule_key, chr(31) order by met.rule_key) as rules
    from scoped
    inner join met
        on
            scoped.account_key = met.account_key
            and scoped.partner_id = met.partner_id
            and case when scoped.is_hidden then met.level_number = 0 else scoped.deciding_scope = met.scope end
    group by scoped.account_key, scoped.partner_id, scoped.deciding_scope, scoped.is_hidden

),

-- There are few sets of rules, however many accounts.
rule_sets as (

    select
        partner_id,
        rules,
        unnest(string_split(rules, chr(31))) as rule_key,
        len(string_split(rules, chr(31))) as rule_count
    from decided
    group by partner_id, rules

),

fields_of_sets as (

    select
        rule_sets.partner_id,
        rule_sets.rules,
        fields.field,
        bool_and(fields.is_granted) as is_granted
    from rule_sets
    inner join fields
        on rule_sets.rule_key = fields.rule_key and rule_sets.partner_id = fields.partner_id
    group by rule_sets.partner_id, rule_sets.rules, rule_sets.rule_count, fields.field
    having count(*) = rule_sets.rule_count

),

granted as (

    select
        partner_id,
        rules,
        string_agg(field, ';' order by field) filter (where is_granted) as shared_fields,
        string_agg(field, ';' order by field) filter (where not is_granted) as fields_without_consent
    from fields_of_sets
    group by partner_id, rules

),

-- What protects an account is stronger than any agreement.
protected as (

    select
        asked.account_key,
        asked.partner_id,
        asked.is_overlap,
        decided.rules,
        granted.shared_fields,
        granted.fields_without_consent,
        case
            when asked.is_excluded then 'exclusion'
            when open_questions.account_key is not null then 'open question'
            when decided.is_hidden then 'hidden'
            else decided.deciding_scope
        end as decided_by,
        case
            when asked.is_excluded or open_questions.account_key is not null or decided.is_hidden then 0
            else decided.level_number
        end as level_number
    from asked
    inner join decided on asked.account_key = decided.account_key and asked.partner_id = decided.partner_id
    left join granted on decided.partner_id = granted.partner_id and decided.rules = granted.rules
    left join open_questions
        on asked.account_key = open_questions.account_key and asked.partner_id = open_questions.partner_id

),

final as (

    select
        account_key,
        partner_id,
        is_overlap,
        {{ level_word('level_number') }} as sharing_level,
        decided_by,
        case when decided_by not in ('exclusion', 'open question') then replace(rules, chr(31), '; ') end as rules,
        level_number = 3 or (level_number = 2 and is_overlap) as is_shown,
        level_number > 0 and is_overlap as is_counted,
        case when level_number = 3 or (level_number = 2 and is_overlap) then shared_fields end as shared_fields,
        case when level_number = 3 or (level_number = 2 and is_overlap) then fields_without_consent end
            as fields_without_consent
    from protected
    where is_overlap or level_number = 3

)

select * from final
