{#- The comparisons of a pair, in the order in which they are read: what was found, and what it added. -#}
{%- set comparisons = [
    'registration', 'domain', 'domain_label', 'name', 'name_kind', 'distinctiveness', 'rest', 'spelling', 'substring',
    'first_word', 'numeral', 'legal_form', 'namesake', 'country', 'city', 'phone',
] -%}

with decided_pairs as (

    select * from {{ ref('res_decided_pairs') }}

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

final as (

    select
        -- the pair
        decided_pairs.left_record_key,
        decided_pairs.right_record_key,
        decided_pairs.left_party_id,
        decided_pairs.right_party_id,
        left_records.account_key as left_account_key,
        right_records.account_key as right_account_key,
        -- what was decided
        decided_pairs.band,
        decided_pairs.match_reason,
        decided_pairs.match_probability,
        decided_pairs.match_bits as match_millibits,
        decided_pairs.guard,
        decided_pairs.decision,
        decided_pairs.decided_by,
        decided_pairs.decided_on,
        decided_pairs.decision_reason,
        decided_pairs.runner_up_record_key,
        decided_pairs.runner_up_millibits,
        decided_pairs.rules_version,
        -- the values compared
        decided_pairs.left_name,
        decided_pairs.right_name,
        decided_pairs.left_core_name,
        decided_pairs.right_core_name,
        decided_pairs.left_legal_form,
        decided_pairs.right_legal_form,
        decided_pairs.left_domain,
        decided_pairs.right_domain,
        decided_pairs.left_country_code,
        decided_pairs.right_country_code,
        decided_pairs.left_city,
        decided_pairs.right_city,
        decided_pairs.left_phone,
        decided_pairs.right_phone,
        -- what each comparison found, and the evidence it added
        {% for comparison in comparisons %}
        decided_pairs.{{ comparison }}_level,
        decided_pairs.{{ comparison }}_millibits,
        {% endfor %}
        decided_pairs.smaller_lead_level,
        decided_pairs.smaller_lead_evidence_millibits as smaller_lead_millibits,
        decided_pairs.larger_lead_level,
        decided_pairs.larger_lead_evidence_millibits as larger_lead_millibits,
        cast(decided_pairs.prior_millibits + decided_pairs.list_prior_millibits as integer) as prior_millibits,
        coalesce(left_records.account_key = right_records.account_key, false) as is_same_account
    from decided_pairs
    left join account_records as left_records on decided_pairs.left_record_key = left_records.record_key
    left join account_records as right_records on decided_pairs.right_record_key = right_records.record_key

)

select * from final
