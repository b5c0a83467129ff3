{#- The fields that accounts have. A rule on any other field (challenge) counts between two definitions only. -#}
{%- set text_fields = ['industry', 'country_code', 'competitor_product', 'products_owned', 'function', 'seniority'] -%}
{%- set number_fields = ['employees', 'annual_revenue_usd', 'expected_deal_size_usd'] -%}

with rules as (

    select
        party_id,
        attribute,
        field,
        operator,
        rule_value,
        lowest_value,
        highest_value,
        weight,
        delivered_column,
        list_transform(words, lambda word: lower(word)) as compared_words
    from {{ ref('stg_icp_rules') }}
    where
        is_in_force
        and (
            delivered_column is not null
            or field in (
                '{{ text_fields | join("', '") }}',
                '{{ number_fields | join("', '") }}'
            )
        )

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

our_records as (

    select * from {{ ref('stg_accounts') }}
    where party_id = 'us'

),

added_values as (

    select * from {{ ref('stg_icp_values') }}

),

contacts as (

    select * from {{ ref('stg_contacts') }}

),

account_parties as (

    select * from {{ ref('bridge_account_parties') }}

),

-- Whose definition is applied to which account: ours to every one, a partner's to those that both of us list. What else
-- a partner lists is its own affair, and with many partners the product of all would be large.
account_definitions as (

    select
        account_key,
        'us' as party_id
    from accounts
    union all
    select
        partner_accounts.account_key,
        partner_accounts.party_id
    from account_parties as partner_accounts
    inner join account_parties as our_accounts
        on partner_accounts.account_key = our_accounts.account_key and our_accounts.party_id = 'us'
    where partner_accounts.party_id <> 'us'

),

our_knowledge as (

    select
        account_records.account_key,
        {% for field in ['competitor_product', 'products_owned'] %}
        min_by(our_records.{{ field }}, our_records.record_key) filter (where our_records.{{ field }} is not null)
            as {{ field }},
        {% endfor %}
        max(our_records.expected_deal_size_usd) as expected_deal_size_usd
    from our_records
    inner join account_records on our_records.record_key = account_records.record_key
    group by account_records.account_key

),

-- Of several records of one account the first that states it.
account_added_values as (

    select
        account_records.account_key,
        added_values.field,
        min_by(added_values.text_value, added_values.record_key) as text_value,
        min_by(added_values.number_value, added_values.record_key) as number_value
    from added_values
    inner join account_records on added_values.record_key = account_records.record_key
    group by account_records.account_key, added_values.field

),

-- Whoever knows them: a function that is there is there.
account_people as (

    select
        account_records.account_key,
        string_agg(distinct contacts.function, '; ' order by contacts.function) as function,
        string_agg(distinct contacts.seniority, '; ' order by contacts.seniority) as seniority
    from contacts
    inner join account_records on contacts.account_record_key = account_records.record_key
    group by account_records.account_key

),

account_values as (

    select
        accounts.account_key,
        accounts.industry,
        accounts.country_code,
        our_knowledge.competitor_product,
        our_knowledge.products_owned,
        account_people.function,
        account_people.seniority,
        {% for field in banded_attributes() %}
        accounts.{{ field }},
        accounts.{{ field }}_least,
        accounts.{{ field }}_most,
        {% endfor %}
        our_knowledge.expected_deal_size_usd,
        our_knowledge.expected_deal_size_usd as expected_deal_size_usd_least,
        our_knowledge.expected_deal_size_usd as expected_deal_size_usd_most
    from accounts
    left join our_knowledge on accounts.account_key = our_knowledge.account_key
    left join account_people on accounts.account_key = account_people.account_key

),

-- Taken apart once per account, not once per rule.
account_words as (

    select
        {% for field in text_fields %}
        {{ listed_words('lower(' ~ field ~ ')') }} as {{ field }}_words,
        {% endfor %}
        *
    from account_values

),

-- A rule is met where the whole band meets it and missed where the whole band misses it; in between nobody knows. An
-- exact figure is a band with two equal ends.
compared as (

    select
        account_words.account_key,
        rules.*,
        case coalesce(rules.delivered_column, rules.field)
            when rules.delivered_column then account_added_values.text_value
            {% for field in text_fields %}
            when '{{ field }}' then account_words.{{ field }}
            {% endfor %}
            {% for field in number_fields %}
            {%- set least, most = 'account_words.' ~ field ~ '_least', 'account_words.' ~ field ~ '_most' %}
            when '{{ field }}'
                then
                    coalesce(
                        cast(account_words.{{ field }} as varchar),
                        {{ least }} || ' to ' || {{ most }},
                        {{ least }} || ' or more',
                        'at most ' || {{ most }}
                    )
            {% endfor %}
        end as account_value,
        case coalesce(rules.delivered_column, rules.field)
            when rules.delivered_column
                then
                    case
                        when rules.compared_words is not null
                            then list_has_any(
                                {{ listed_words('lower(account_added_values.text_value)') }}, rules.compared_words
                            )
                        when account_added_values.number_value < rules.lowest_value then false
                        when account_added_values.number_value > rules.highest_value then false
                        else account_added_values.number_value is not null or null
                    end
            {% for field in text_fields %}
            when '{{ field }}' then list_has_any(account_words.{{ field }}_words, rules.compared_words)
            {% endfor %}
            {% for field in number_fields %}
            {%- set least, most = 'account_words.' ~ field ~ '_least', 'account_words.' ~ field ~ '_most' %}
            when '{{ field }}'
                then
                    case
                        when {{ most }} < rules.lowest_value or {{ least }} > rules.highest_value then false
                        when
                            (rules.lowest_value is null or {{ least }} >= rules.lowest_value)
                            and (rules.highest_value is null or {{ most }} <= rules.highest_value)
                            then true
                    end
            {% endfor %}
        end as is_met
    from account_definitions
    inner join rules on account_definitions.party_id = rules.party_id
    inner join account_words on account_definitions.account_key = account_words.account_key
    left join account_added_values
        on
            rules.field = account_added_values.field
            and account_definitions.account_key = account_added_values.account_key

),

final as (

    select
        account_key,
        party_id,
        attribute,
        field,
        operator,
        rule_value,
        weight,
        account_value,
        case when is_met then 'met' when not is_met then 'missed' else 'unknown' end as outcome
    from compared

)

select * from final
