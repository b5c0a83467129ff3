-- What two records say about each other, comparison by comparison. Every comparison has a level for "not known":
-- a missing value is neither agreement nor disagreement.
with candidate_pairs as (

    select * from {{ ref('res_candidate_pairs') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

account_names as (

    select * from {{ ref('res_account_names') }}

),

name_list as (

    select * from {{ ref('res_names') }}

),

described_names as (

    select
        account_names.record_number,
        account_names.name_number,
        name_list.core_name,
        name_list.glued_name,
        name_list.word_millibits,
        name_list.word_kinds,
        name_list.distinctiveness_millibits,
        name_list.has_distinctive_word,
        name_list.record_count
    from account_names
    inner join name_list
        on account_names.core_name = name_list.core_name

),

name_pairs as (

    select
        candidate_pairs.left_record_number,
        candidate_pairs.right_record_number,
        candidate_pairs.left_party_id,
        candidate_pairs.right_party_id,
        candidate_pairs.left_name_number,
        candidate_pairs.right_name_number,
        left_names.core_name as left_core_name,
        right_names.core_name as right_core_name,
        left_names.glued_name as left_glued_name,
        right_names.glued_name as right_glued_name,
        not left_names.has_distinctive_word or not right_names.has_distinctive_word as has_common_name,
        greatest(left_names.record_count, right_names.record_count) as namesake_count,
        case
            when left_names.core_name is not null and right_names.core_name is not null
                then compare_names(
                    left_names.core_name,
                    right_names.core_name,
                    left_names.word_millibits,
                    right_names.word_millibits,
                    left_names.word_kinds,
                    right_names.word_kinds
                )
        end as comparison
    from candidate_pairs
    left join described_names as left_names
        on
            candidate_pairs.left_record_number = left_names.record_number
            and candidate_pairs.left_name_number = left_names.name_number
    left join described_names as right_names
        on
            candidate_pairs.right_record_number = right_names.record_number
            and candidate_pairs.right_name_number = right_names.name_number

),

joined as (

    select
        name_pairs.left_core_name,
        name_pairs.right_core_name,
        name_pairs.left_glued_name,
        name_pairs.right_glued_name,
        name_pairs.has_common_name,
        name_pairs.namesake_count,
        name_pairs.comparison.shared_millibits,
        name_pairs.comparison.unequal_millibits,
        name_pairs.comparison.shortened_millibits,
        name_pairs.comparison.left_rest_millibits,
        name_pairs.comparison.right_rest_millibits,
        name_pairs.comparison.left_rest_kinds,
        name_pairs.comparison.right_rest_kinds,
        name_pairs.comparison.left_rest_words,
        name_pairs.comparison.right_rest_words,
        name_pairs.comparison.numerals,
        name_pairs.comparison.first_word,
        name_pairs.comparison.is_acronym,
        name_pairs.comparison.glued_similarity,
        name_pairs.comparison.partial_similarity,
        name_pairs.left_party_id,
        name_pairs.right_party_id,
        name_pairs.left_record_number,
        name_pairs.right_record_number,
        name_pairs.left_name_number,
        name_pairs.right_name_number,
        left_records.legal_form as left_legal_form,
        right_records.legal_form as right_legal_form,
        left_records.legal_class as left_legal_class,
        right_records.legal_class as right_legal_class,
        left_records.domain as left_domain,
        right_records.domain as right_domain,
        left_records.delivered_domain as left_delivered_domain,
        right_records.delivered_domain as right_delivered_domain,
        left_records.country_code as left_country_code,
        right_records.country_code as right_country_code,
        left_records.city as left_city,
        right_records.city as right_city,
        left_records.phone as left_phone,
        right_records.phone as right_phone,
        left_records.place_words as left_place_words,
        right_records.place_words as right_place_words,
        greatest(left_records.domain_name_count, right_records.domain_name_count) as domain_name_count,
        left_records.has_mixed_scripts or right_records.has_mixed_scripts as has_mixed_scripts,
        replace(left_records.domain_label, '-', '') as left_domain_label,
        replace(right_records.domain_label, '-', '') as right_domain_label,
        {% for scheme in registration_schemes() -%}
        left_records.{{ scheme.column }} = right_records.{{ scheme.column }}{{ ' or' if not loop.last }}
        {% endfor %}
            as has_equal_registration,
        {% for scheme in registration_schemes() -%}
        coalesce(
            {{ scheme.company_number | format('left_records.' ~ scheme.column) }}
            <> {{ scheme.company_number | format('right_records.' ~ scheme.column) }},
            false
        ){{ ' or' if not loop.last }}
        {% endfor %}
            as has_conflicting_registration
    from name_pairs
    inner join records as left_records
        on name_pairs.left_record_number = left_records.record_number
    inner join records as right_records
        on name_pairs.right_record_number = right_records.record_number

),

-- What is left over of each name: nothing; words of structure (group, holding, .com); a numeral; a place; words that
-- many companies share; or a word that tells companies apart. Words that only name where one of the two records says it
-- is add nothing to the name. Bits as in compare_names.
rest_classes as (

    select
        joined.*,
        {% for side in ['left', 'right'] -%}
        case
            -- little words (of, der, la) left over are nothing left over
            when joined.{{ side }}_rest_kinds in (0, 64) then 'none'
            -- looked at in two steps, since the first is cheap and says no of nearly all
            when
                case
                    when
                        list_contains(joined.left_place_words, joined.{{ side }}_rest_words[1])
                        or list_contains(joined.right_place_words, joined.{{ side }}_rest_words[1])
                        then list_has_all(
                            list_concat(joined.left_place_words, joined.right_place_words),
                            joined.{{ side }}_rest_words
                        )
                end then 'own place'
            when (joined.{{ side }}_rest_kinds & 1) > 0 then 'distinctive'
            when (joined.{{ side }}_rest_kinds & 256) > 0 then 'numeral'
            when (joined.{{ side }}_rest_kinds & 32) > 0 then 'fund'
            when (joined.{{ side }}_rest_kinds & 20) > 0 then 'generic'
            when (joined.{{ side }}_rest_kinds & 8) > 0 then 'place'
            else 'structure'
        end as {{ side }}_rest_class,
        {% endfor -%}
        least(joined.left_rest_millibits, joined.right_rest_millibits) as smaller_rest_millibits,
        greatest(joined.left_rest_millibits, joined.right_rest_millibits) as larger_rest_millibits
    from joined

),

ordered_rests as (

    select
        *,
        least(left_rest_class, right_rest_class) as one_rest_class,
        greatest(left_rest_class, right_rest_class) as other_rest_class,
        left_rest_class = 'none' and right_rest_class = 'none' as is_whole_name,
        left_rest_class = 'none' or right_rest_class = 'none' as is_contained_name
    from rest_classes

),

levels as (

    select
        *,
        case
            when shared_millibits is null then 'unknown'
            when left_core_name = right_core_name then 'exact'
            when left_glued_name = right_glued_name then 'spacing'
            when is_whole_name and unequal_millibits = 0 then 'order'
            when is_whole_name and shortened_millibits >= 0.6 * shared_millibits then 'cut short'
            when is_whole_name and unequal_millibits >= 0.6 * shared_millibits then 'misspelt'
            when is_whole_name then 'partly misspelt'
            when is_acronym then 'acronym'
            when shared_millibits = 0 then 'nothing shared'
            when left_rest_class = 'none' then 'contained, rest ' || right_rest_class
            when right_rest_class = 'none' then 'contained, rest ' || left_rest_class
            else 'rests ' || one_rest_class || ' and ' || other_rest_class
        end as name_level,
        case
            when shared_millibits is null or shared_millibits = 0 then 'unknown'
            else
                case
                    when is_whole_name then 'whole '
                    when is_contained_name then 'contained '
                    else 'part '
                end
                || {{ level_between('shared_millibits', 'distinctiveness', 1000) }}
        end as distinctiveness_level,
        case
            when shared_millibits is null or shared_millibits = 0 then 'unknown'
            when is_whole_name then 'none'
            else
                case
                    when smaller_rest_millibits = 0 then '0'
                    else {{ level_between('smaller_rest_millibits', 'smaller_rest', 1000) }}
                end
                || ' and '
                || {{ level_between('larger_rest_millibits', 'larger_rest', 1000) }}
        end as rest_level,
        case
            when glued_similarity is null then 'unknown'
            when is_whole_name and unequal_millibits = 0 then 'equal'
            else {{ level_between('glued_similarity', 'spelling') }}
        end as spelling_level,
        case
            when partial_similarity is null then 'unknown'
            when is_whole_name and unequal_millibits = 0 then 'equal'
            when least(length(left_glued_name), length(right_glued_name)) < 5 then 'too short'
            when
                starts_with(left_glued_name, right_glued_name) or starts_with(right_glued_name, left_glued_name)
                then 'beginning'
            when partial_similarity >= 0.999 then 'inside'
            when partial_similarity >= 0.9 then 'nearly inside'
            else 'not inside'
        end as substring_level,
        case
            when first_word is null then 'unknown'
            when is_whole_name and unequal_millibits = 0 then 'equal'
            else first_word
        end as first_word_level,
        coalesce(numerals, 'unknown') as numeral_level,
        case
            when left_legal_form is null or right_legal_form is null then 'unknown'
            when left_legal_form = '' and right_legal_form = '' then 'both missing'
            when left_legal_form = '' or right_legal_form = '' then 'one missing'
            when left_legal_form = right_legal_form then 'same'
            when left_legal_class = right_legal_class and left_legal_class <> '' then 'same class'
            when left_legal_class = '' or right_legal_class = '' then 'vague'
            else 'different'
        end as legal_form_level,
        case
            when namesake_count is null then 'unknown'
            when not is_whole_name then 'not the same name'
            when namesake_count <= 2 then 'none'
            when namesake_count <= 4 then 'few'
            else 'many'
        end as namesake_level,
        {{ level_of_two('country_code') }} as country_level,
        case
            when starts_with(left_city, right_city) or starts_with(right_city, left_city) then 'same'
            else {{ level_of_two('city') }}
        end as city_level,
        {{ level_of_two('phone') }} as phone_level,
        case
            when left_domain is null or right_domain is null then 'unknown'
            when left_delivered_domain = right_delivered_domain then 'same'
            when left_domain = right_domain then 'alias'
            when left_domain_label = right_domain_label and length(left_domain_label) >= 4 then 'same label'
            else 'different'
        end as domain_level,
        -- The label of one side's domain against the other side's name, where only one side has a domain.
        case
            when left_domain is not null and right_domain is not null then 'unknown'
            when left_domain is null and right_domain is null then 'unknown'
            when
                coalesce(left_domain_label, right_domain_label)
                = case when left_domain_label is null then left_glued_name else right_glued_name end
                then 'is the name'
            when
                length(coalesce(left_domain_label, right_domain_label)) >= 4
                and starts_with(
                    case when left_domain_label is null then left_glued_name else right_glued_name end,
                    coalesce(left_domain_label, right_domain_label)
                ) then 'begins the name'
            when
                length(case when left_domain_label is null then left_glued_name else right_glued_name end) >= 4
                and starts_with(
                    coalesce(left_domain_label, right_domain_label),
                    case when left_domain_label is null then left_glued_name else right_glued_name end
                ) then 'begins with the name'
            else 'is not the name'
        end as domain_label_level,
        case
            when has_equal_registration then 'same'
            when has_conflicting_registration then 'conflict'
            else 'unknown'
        end as registration_level,
        case
            when left_core_name is null then 'unknown'
            when left_name_number + right_name_number = 0 then 'own'
            when left_name_number <= 1 and right_name_number <= 1 then 'main part'
            else 'other'
        end as name_kind_level
    from ordered_rests

),

final as (

    select
        left_record_number,
        right_record_number,
        left_party_id,
        right_party_id,
        left_name_number,
        right_name_number,
        has_common_name,
        has_mixed_scripts,
        namesake_count,
        domain_name_count,
        shared_millibits,
        unequal_millibits,
        left_rest_words,
        right_rest_words,
        {% for comparison in comparisons() -%}
        {{ comparison }}_level,
        {% endfor -%}
        left_rest_class,
        right_rest_class
    from levels

)

select * from final
