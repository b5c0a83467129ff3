{#- The comparisons of a pair in the order in which they are read, and what SIDE says in each. -#}
{#- Names, and words of them, are shown as they were delivered. -#}
{%- set name = name_in_words('SIDE') | replace('SIDE_', 'pairs.SIDE_') -%}
{%- set comparisons = {
    'registration': 'SIDE_records.registrations',
    'domain': 'SIDE_records.domains',
    'domain_label': 'coalesce(SIDE_records.domain_label, pairs.SIDE_core_name)',
    'name': name,
    'name_kind': "case when pairs.SIDE_name_number = 0 then 'whole name' when pairs.SIDE_name_number = 1 then 'main part' "
        ~ "when pairs.SIDE_name_number >= " ~ first_earlier_name_number() ~ " then 'earlier name' else 'other name' end",
    'distinctiveness': 'array_to_string(' ~ as_delivered('pairs.SIDE_shared_words', 'pairs.SIDE_name') ~ ', chr(32))',
    'rest': 'array_to_string(' ~ as_delivered('pairs.SIDE_rest_words', 'pairs.SIDE_name') ~ ', chr(32))',
    'spelling': name,
    'substring': name,
    'first_word': 'split_part(' ~ name ~ ', chr(32), 1)',
    'numeral': "array_to_string(regexp_extract_all(pairs.SIDE_core_name, '[0-9]+[a-z]*'), chr(32))",
    'legal_form': 'SIDE_records.legal_form',
    'namesake': 'cast(pairs.namesake_count as varchar)',
    'country': 'SIDE_records.country_code',
    'city': 'SIDE_records.city',
    'phone': 'SIDE_records.phone',
    'smaller_lead': 'SIDE_rivals.record_key',
    'larger_lead': 'SIDE_rivals.record_key',
    'prior': 'cast(null as varchar)',
    'list_prior': 'pairs.SIDE_party_id',
} -%}
{#- Where the level and the evidence do not stand under the comparison's own name. -#}
{%- set levels = {'prior': "'fitted'", 'list_prior': "'estimated'"} -%}
{%- set evidences = {
    'smaller_lead': 'pairs.smaller_lead_evidence_millibits',
    'larger_lead': 'pairs.larger_lead_evidence_millibits',
} -%}

with explained_pairs as (

    select * from {{ ref('res_explained_pairs') }}

),

account_records as (

    select * from {{ ref('res_account_records') }}

),

pairs as (

    select
        *,
    {% for side in ['left', 'right'] %}
    list_filter(
        string_split({{ side }}_core_name, ' '),
        lambda word: not list_contains(coalesce({{ side }}_rest_words, []), word)
    ) as {{ side }}_shared_words{{ ',' if not loop.last }}
    {% endfor %}
    from explained_pairs

),

records as (

    select
        record_key,
        record_number,
        domain_label,
        legal_form,
        country_code,
        city,
        phone,
        case when domain = delivered_domain then domain else concat(delivered_domain, ' = ', domain) end as domains,
        concat_ws(
            ', ',
            {% for scheme in registration_schemes() -%}
            '{{ scheme.scheme | upper }} ' || {{ scheme.column }}{{ ',' if not loop.last }}
            {% endfor %}
        ) as registrations
    from account_records

),

compared as (

    select
        pairs.left_record_key,
        pairs.right_record_key,
        pairs.spelling_level,
        unnest([
            {% for comparison, value in comparisons.items() -%}
            {
                'comparison': '{{ comparison }}',
                'comparison_number': {{ loop.index }},
                'left_value': {{ value | replace('SIDE', 'left') }},
                'right_value': {{ value | replace('SIDE', 'right') }},
                'level': {{ levels.get(comparison, 'pairs.' ~ comparison ~ '_level') }},
                'millibits': {{ evidences.get(comparison, 'pairs.' ~ comparison ~ '_millibits') }}
            }{{ ',' if not loop.last }}
            {% endfor %}
        ]) as evidence
    from pairs
    inner join records as left_records on pairs.left_record_number = left_records.record_number
    inner join records as right_records on pairs.right_record_number = right_records.record_number
    left join records as left_rivals on pairs.left_rival_record_number = left_rivals.record_number
    left join records as right_rivals on pairs.right_rival_record_number = right_rivals.record_number

),

-- What nobody knows adds nothing, and has no row.
final as (

    select
        compared.left_record_key,
        compared.right_record_key,
        compared.evidence.comparison,
        compared.evidence.level,
        cast(compared.evidence.comparison_number as integer) as comparison_number,
        cast(compared.evidence.millibits as integer) as evidence_millibits,
        nullif(compared.evidence.left_value, '') as left_value,
        nullif(compared.evidence.right_value, '') as right_value,
        {{ repeats_equal_name('compared.evidence.comparison', 'compared.spelling_level') }} as is_repetition
    from compared
    where compared.evidence.level <> 'unknown' or compared.evidence.millibits <> 0

)

select * from final
