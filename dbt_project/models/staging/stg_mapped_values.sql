{#- Which columns hold words of a vocabulary, and the field of value_mappings that holds the vocabulary. -#}
{%- set mapped_columns = {
    'accounts': {
        'lifecycle_status': 'lifecycle_status',
        'list_name': 'list_name',
        'priority': 'priority',
        'industry': 'industry',
        'country': 'country',
        'currency': 'currency',
        'competitor_strength': 'competitor_strength',
        'timing_signal': 'timing_signal',
        'relationship_strength': 'relationship_strength',
    },
    'opportunities': {
        'stage': 'stage',
        'outcome': 'opportunity_outcome',
        'our_role': 'role',
        'partner_role': 'role',
        'currency': 'currency',
        'sourced_by_partner': 'partner',
        'influenced_by_partner': 'partner',
    },
    'engagements': {
        'partner': 'partner',
        'activity': 'activity',
        'engagement_type': 'engagement_type',
        'outcome': 'engagement_outcome',
    },
    'contacts': {
        'seniority': 'seniority',
        'function': 'function',
        'relationship_strength': 'relationship_strength',
    },
    'credits': {
        'partner': 'partner',
    },
    'plans': {
        'partner': 'partner',
        'initiator': 'initiator',
        'ask': 'ask',
        'tracking_place': 'tracking_place',
        'status': 'plan_status',
    },
} -%}
{#- Answers hold until somebody takes them back: those of all months are read, not only those of the latest. -#}
{%- set answers = ['credits', 'plans'] -%}

with current_exports as (

    select * from {{ ref('stg_current_exports') }}

),

value_mappings as (

    select * from {{ ref('value_mappings') }}

),

countries as (

    select * from {{ ref('countries') }}

),

industries as (

    select * from {{ ref('industries') }}

),

lifecycle_statuses as (

    select * from {{ ref('lifecycle_statuses') }}

),

partners as (

    select * from {{ ref('partners') }}

),

exchange_rates as (

    select distinct currency from {{ ref('stg_exchange_rates') }}

),

-- Every distinct delivered value once: mapping it costs as much as there are different values, not rows.
delivered_by_file as (

    {% for object, columns in mapped_columns.items() %}
    {% for column, field in columns.items() %}
    select
        records.party_id,
        '{{ object }}' as object,
        records.source_system,
        '{{ column }}' as column_name,
        '{{ field }}' as field,
        records.{{ column }} as delivered_value,
        records.file_name,
        records.sheet_name,
        min(records.row_number) as row_number,
        count(*) as record_count
    from {{ source('raw', object) }} as records
    {% if object not in answers %}
    inner join current_exports
        on
            records.party_id = current_exports.party_id
            and records.export_month = current_exports.export_month
            and current_exports.object = '{{ object }}'
    {% endif %}
    where
        records.{{ column }} is not null
        {% if object in answers %}
        and records.export_month <= {{ as_of_month() }}
        {% endif %}
    group by
        records.party_id, records.source_system, records.{{ column }}, records.file_name, records.sheet_name
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A row for one source system beats a row for all of them; both beat what the reference seeds say by themselves.
rules as (

    select
        lower({{ text_value('source_system') }}) as source_system,
        field,
        {{ mapping_key('source_value') }} as source_key,
        {{ text_value('value') }} as value,
        case when {{ text_value('source_system') }} is null then 2 else 1 end as precedence
    from value_mappings
    union all
    select
        null as source_system,
        'country' as field,
        {{ mapping_key('alias') }} as source_key,
        country_code as value,
        3 as precedence
    from countries
    union all
    select
        null as source_system,
        'industry' as field,
        {{ mapping_key('industry') }} as source_key,
        industry as value,
        3 as precedence
    from industries
    union all
    select
        null as source_system,
        'partner' as field,
        {{ mapping_key('name') }} as source_key,
        party_id as value,
        3 as precedence
    from partners
    union all
    select
        null as source_system,
        'partner' as field,
        {{ mapping_key('party_id') }} as source_key,
        party_id as value,
        4 as precedence
    from partners
    union all
    select
        null as source_system,
        'currency' as field,
        {{ mapping_key('currency') }} as source_key,
        currency as value,
        3 as precedence
    from exchange_rates

),

numbered_by_file as (

    select
        *,
        row_number() over (
            partition by party_id, object, source_system, column_name, delivered_value
            order by file_name, sheet_name, row_number
        ) as file_number
    from delivered_by_file

),

-- A value that says nothing once spaces and hyphens are gone is missing, not unmapped.
stated as (

    select
        party_id,
        object,
        source_system,
        column_name,
        field,
        delivered_value,
        {{ mapping_key('delivered_value') }} as source_key,
        max(case when file_number = 1 then file_name end) as first_file_name,
        max(case when file_number = 1 then sheet_name end) as first_sheet_name,
        max(case when file_number = 1 then row_number end) as first_row_number,
        cast(sum(record_count) as bigint) as record_count
    from numbered_by_file
    where {{ mapping_key('delivered_value') }} <> ''
    group by
        party_id, object, source_system, column_name, field, delivered_value

),

-- A list from which several words may be picked (Prospect; Former Customer) is read word by word.
words as (

    select
        *,
        0 as word_number,
        source_key as word_key
    from stated
    union all
    select
        *,
        generate_subscripts(string_split(source_key, ';'), 1) as word_number,
        unnest(string_split(source_key, ';')) as word_key
    from stated
    where contains(source_key, ';')

),

matched as (

    select
        words.*,
        rules.value,
        rules.field is not null as is_word_mapped,
        row_number() over (
            partition by
                words.party_id, words.object, words.source_system, words.column_name, words.delivered_value,
                words.word_number
            order by rules.precedence, rules.value
        ) as preference
    from words
    left join rules
        on
            words.field = rules.field
            and words.word_key = rules.source_key
            and (rules.source_system is null or rules.source_system = lower(words.source_system))
    where words.word_number = 0 or words.word_key <> ''

),

-- Of several words the one that comes first in our vocabulary counts, where it has an order; else the first. Where all
-- of them count, they stand in their own order, and null where nobody mapped the word.
chosen as (

    select
        matched.*,
        bool_and(matched.is_word_mapped) filter (where matched.word_number > 0) over whole_value as are_words_mapped,
        list(matched.value order by matched.word_number) filter (where matched.word_number > 0) over whole_value
            as word_values,
        row_number() over (
            partition by
                matched.party_id, matched.object, matched.source_system, matched.column_name, matched.delivered_value
            order by
                matched.word_number = 0 and matched.is_word_mapped desc,
                matched.word_number > 0 and matched.is_word_mapped desc,
                lifecycle_statuses.precedence asc nulls last,
                matched.word_number asc
        ) as choice
    from matched
    left join lifecycle_statuses
        on
            matched.field in ('lifecycle_status', 'list_name')
            and matched.value = lifecycle_statuses.lifecycle_status
    where matched.preference = 1
    window whole_value as (
        partition by
            matched.party_id, matched.object, matched.source_system, matched.column_name, matched.delivered_value
    )

),

final as (

    select
        party_id,
        object,
        source_system,
        column_name,
        field,
        delivered_value,
        first_file_name,
        first_sheet_name,
        first_row_number,
        record_count,
        value,
        case when word_number = 0 then [value] else word_values end as all_values,
        is_word_mapped and (word_number = 0 or are_words_mapped) as is_mapped
    from chosen
    where choice = 1

)

select * from final
