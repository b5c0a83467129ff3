-- Decided pairs in words: which records they are, what each says, and what every comparison weighs.
{{ config(materialized='view') }}

with decided_pairs as (

    select * from {{ ref('res_decided_pairs') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

name_list as (

    select * from {{ ref('res_names') }}

),

weights as (

    select * from {{ ref('res_level_weights') }}

),

joined as (

    select
        decided_pairs.*,
        left_records.record_key as left_record_key,
        right_records.record_key as right_record_key,
        runners_up.record_key as runner_up_record_key,
        weights.prior_millibits,
        weights.rules_version,
        {% for comparison in comparisons() + leads() -%}
        {{ weight_of(comparison, 'decided_pairs.' ~ comparison ~ '_level') }}
            as {{ comparison ~ ('_evidence' if comparison in leads() else '') }}_millibits,
        {% endfor -%}
        {% for side in ['left', 'right'] -%}
        {{ side }}_names.core_name as {{ side }}_core_name,
        string_split({{ side }}_names.core_name, ' ') as {{ side }}_words,
        {% for column in ['name', 'legal_form', 'domain', 'country_code', 'city', 'phone'] -%}
        {{ side }}_records.{{ column }} as {{ side }}_{{ column }},
        {% endfor -%}
        {% endfor -%}
        {{ rules_of_bits('decided_pairs.rule_bits') }} as rules
    from decided_pairs
    cross join weights
    inner join records as left_records
        on decided_pairs.left_record_number = left_records.record_number
    inner join records as right_records
        on decided_pairs.right_record_number = right_records.record_number
    left join records as runners_up
        on decided_pairs.runner_up_record_number = runners_up.record_number
    left join name_list as left_names
        on decided_pairs.left_core_number = left_names.core_number
    left join name_list as right_names
        on decided_pairs.right_core_number = right_names.core_number

),

worded as (

    select
        * replace (
            {% for comparison in comparisons() + leads() -%}
            cast({{ comparison }}_level as varchar) as {{ comparison }}_level,
            {% endfor -%}
            {% for side in ['left', 'right'] -%}
            list_transform(
                list_filter(range(len({{ side }}_words)), lambda place: {{ side }}_rest_words >> place & 1 = 1),
                lambda place: {{ side }}_words[place + 1]
            ) as {{ side }}_rest_words,
            cast({{ side }}_rest_class as varchar) as {{ side }}_rest_class,
            {% endfor -%}
            {% for column in ['band', 'match_reason', 'own_guard', 'guard', 'evidence_class'] -%}
            cast({{ column }} as varchar) as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from joined

),

final as (

    select
        * exclude (left_core_number, right_core_number, left_words, right_words, rule_bits),
        {{ explanation_of_pair() }} as explanation
    from worded

)

-- the columns of the CTEs are made by loops, so the linter cannot count them
select * from final -- noqa: AM04
