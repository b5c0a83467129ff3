-- What two records say about each other, comparison by comparison, and what that weighs. Every comparison has a level
-- for "not known": a missing value is neither agreement nor disagreement.
with candidate_pairs as (

    select * from {{ ref('res_candidate_pairs') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

-- Domains that a record had, where another one has them today.
earlier_domains as (

    select
        record_number,
        domain
    from {{ ref('res_earlier_records') }}
    where is_same_company and domain is not null

),

name_list as (

    select * from {{ ref('res_names') }}

),

country_words as (

    select * from {{ ref('res_country_words') }}

),

weights as (

    select * from {{ ref('res_level_weights') }}

),

countries as (

    select
        country_code,
        string_agg(word, ' ' order by word) as words
    from country_words
    group by country_code

),

described_records as (

    select
        records.record_number,
        records.legal_form,
        records.legal_class,
        records.domain,
        records.delivered_domain,
        replace(records.domain_label, '-', '') as domain_label,
        records.domain_name_count,
        records.registration_name_count,
        records.has_mixed_scripts,
        coalesce(contains(records.name, '&'), false) as has_ampersand,
        records.country_code,
        records.city,
        {% for scheme in registration_schemes() -%}
        records.{{ scheme.column }},
        {% endfor -%}
        records.phone
    from records

),

joined as (

    select
        candidate_pairs.left_record_number,
        candidate_pairs.right_record_number,
        candidate_pairs.left_party_id,
        candidate_pairs.right_party_id,
        candidate_pairs.left_name_number,
        candidate_pairs.right_name_number,
        candidate_pairs.left_core_number,
        candidate_pairs.right_core_number,
        candidate_pairs.rule_bits,
        candidate_pairs.is_only_for_chance,
        left_names.glued_name as left_glued_name,
        right_names.glued_name as right_glued_name,
        not left_names.has_distinctive_word or not right_names.has_distinctive_word as has_common_name,
        coalesce(left_names.has_place_word and right_names.has_place_word, false) as has_place_word,
        coalesce(left_names.is_of_a_country and right_names.is_of_a_country, false) as are_of_countries,
        -- the one name is the first letters of the other, its legal form among them, or of the two words beside an &
        {% for side, other in [('left', 'right'), ('right', 'left')] -%}
        (
            length({{ side }}_names.core_name) >= 3
            and {{ other }}_records.legal_form <> ''
            and {{ side }}_names.core_name = {{ other }}_names.letters || left({{ other }}_records.legal_form, 1)
        )
        or (
            length({{ side }}_names.core_name) = 2
            and {{ side }}_records.has_ampersand
            and {{ other }}_records.has_ampersand
            and {{ side }}_names.core_name = {{ other }}_names.letters
        ){{ ' or' if not loop.last }}
        {% endfor %}
            as has_other_acronym,
        coalesce(left_names.has_entity_word <> right_names.has_entity_word, false) as has_entity_word_in_one,
        coalesce(left_names.core_name = left_names.glued_name, false) as is_left_one_word,
        coalesce(right_names.core_name = right_names.glued_name, false) as is_right_one_word,
        candidate_pairs.namesake_count,
        case
            when left_names.core_name is not null and right_names.core_name is not null
                then compare_names(
                    left_names.core_name,
                    right_names.core_name,
                    left_names.word_codes,
                    right_names.word_codes,
                    -- the words of a country are many, and hardly a name has one
                    {% for side in ['left', 'right'] -%}
                    case
                        when left_names.has_country_word or right_names.has_country_word
                            then concat_ws(' ', {{ side }}_records.city, {{ side }}_countries.words)
                        else {{ side }}_records.city
                    end{{ ',' if not loop.last }}
                    {% endfor %}
                )
        end as found,
        {% for column in [
            'legal_form', 'legal_class', 'domain', 'delivered_domain', 'domain_label', 'country_code', 'city', 'phone'
        ] -%}
        left_records.{{ column }} as left_{{ column }},
        right_records.{{ column }} as right_{{ column }},
        {% endfor -%}
        cast(greatest(left_records.domain_name_count, right_records.domain_name_count) as integer)
            as domain_name_count,
        cast(greatest(left_records.registration_name_count, right_records.registration_name_count) as integer)
            as registration_name_count,
        left_records.has_mixed_scripts or right_records.has_mixed_scripts as has_mixed_scripts,
        -- asked as sets, which few records are in: joined, they would turn the plan around, and all pairs into a table
        -- in memory
        {% for side, other in [('left', 'right'), ('right', 'left')] -%}
        coalesce(
            ({{ side }}_records.record_number, {{ other }}_records.domain) in (
                select
                    earlier_domains.record_number,
                    earlier_domains.domain
                from earlier_domains
            ),
            false
        ) as has_{{ side }}_earlier_domain,
        {% endfor -%}
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
    from candidate_pairs
    inner join described_records as left_records
        on candidate_pairs.left_record_number = left_records.record_number
    inner join described_records as right_records
        on candidate_pairs.right_record_number = right_records.record_number
    left join name_list as left_names
        on candidate_pairs.left_core_number = left_names.core_number
    left join name_list as right_names
        on candidate_pairs.right_core_number = right_names.core_number
    -- here, as a few words of few countries: beside each record they would be most of what the joins keep in memory
    left join countries as left_countries
        on left_records.country_code = left_countries.country_code
    left join countries as right_countries
        on right_records.country_code = right_countries.country_code

),

unpacked as (

    select
        *,
        has_left_earlier_domain or has_right_earlier_domain as has_earlier_domain,
        {% for side in ['left', 'right'] -%}
        (
            {{ side }}_party_id <> 'us'
            and ({{ side }}_name_number >= {{ first_earlier_name_number() }} or has_{{ side }}_earlier_domain)
        ){{ ' or' if not loop.last }}
        {% endfor %}
            as has_partners_past,
        struct_extract(found, 'shared_millibits') as shared_millibits,
        struct_extract(found, 'unequal_millibits') as unequal_millibits,
        struct_extract(found, 'shortened_millibits') as shortened_millibits,
        struct_extract(found, 'left_rest_millibits') as left_rest_millibits,
        struct_extract(found, 'right_rest_millibits') as right_rest_millibits,
        struct_extract(found, 'left_rest_class') as left_rest_class,
        struct_extract(found, 'right_rest_class') as right_rest_class,
        struct_extract(found, 'left_rest_words') as left_rest_words,
        struct_extract(found, 'right_rest_words') as right_rest_words,
        struct_extract(found, 'numerals') as numerals,
        struct_extract(found, 'first_word') as first_word,
        struct_extract(found, 'is_acronym') as is_acronym,
        struct_extract(found, 'glued_similarity') as glued_similarity,
        struct_extract(found, 'inside') as inside
    from joined

),

ordered_rests as (

    select
        *,
        least(left_rest_millibits, right_rest_millibits) as smaller_rest_millibits,
        greatest(left_rest_millibits, right_rest_millibits) as larger_rest_millibits,
        least(left_rest_class, right_rest_class) as one_rest_class,
        greatest(left_rest_class, right_rest_class) as other_rest_class,
        left_rest_class = 'none' and right_rest_class = 'none' as is_whole_name,
        left_rest_class = 'none' or right_rest_class = 'none' as is_contained_name
    from unpacked

),

said as (

    select
        *,
        case
            when shared_millibits is null then 'unknown'
            when left_core_number = right_core_number then 'exact'
            when left_glued_name = right_glued_name then 'spacing'
            when is_whole_name and unequal_millibits = 0 then 'order'
            when is_whole_name and shortened_millibits >= 0.6 * shared_millibits then 'cut short'
            when is_whole_name and unequal_millibits >= 0.6 * shared_millibits then 'misspelt'
            when is_whole_name then 'partly misspelt'
            when is_acronym or has_other_acronym then 'acronym'
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
            when inside is null then 'unknown'
            when is_whole_name and unequal_millibits = 0 then 'equal'
            when least(length(left_glued_name), length(right_glued_name)) < 5 then 'too short'
            when
                starts_with(left_glued_name, right_glued_name) or starts_with(right_glued_name, left_glued_name)
                then 'beginning'
            else inside
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
            when left_delivered_domain = right_delivered_domain then 'same'
            when left_domain = right_domain or has_earlier_domain then 'alias'
            when left_domain is null or right_domain is null then 'unknown'
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
            when shared_millibits is null then 'unknown'
            when left_name_number + right_name_number = 0 then 'own'
            when left_name_number <= 1 and right_name_number <= 1 then 'main part'
            else 'other'
        end as name_kind_level
    from ordered_rests

),

leveled as (

    select
        * replace (
            {% for comparison in comparisons() -%}
            cast({{ comparison }}_level as {{ enum_of(comparison) }}) -- noqa: LT05
                as {{ comparison }}_level{{ ',' if not loop.last }}
            {% endfor %}
        )
    from said

),

final as (

    select
        leveled.left_record_number,
        leveled.right_record_number,
        leveled.left_party_id,
        leveled.right_party_id,
        leveled.left_name_number,
        leveled.right_name_number,
        leveled.left_core_number,
        leveled.right_core_number,
        leveled.rule_bits,
        leveled.is_only_for_chance,
        leveled.has_common_name,
        leveled.has_place_word,
        leveled.has_mixed_scripts,
        -- today's domain, and today's name, make what was there before no witness
        leveled.has_partners_past
        and not coalesce(leveled.left_domain = leveled.right_domain, false)
        and not (
            leveled.name_level in ('exact', 'spacing', 'order')
            and greatest(leveled.left_name_number, leveled.right_name_number) < {{ first_earlier_name_number() }}
        ) as has_only_partners_past,
        leveled.namesake_count,
        leveled.domain_name_count,
        leveled.registration_name_count,
        leveled.are_of_countries,
        (leveled.left_rest_class = 'none' and leveled.is_left_one_word)
        or (leveled.right_rest_class = 'none' and leveled.is_right_one_word) as has_one_word_inside,
        coalesce(leveled.has_other_acronym, false) as has_other_acronym,
        leveled.has_entity_word_in_one
        and (starts_with(leveled.name_level, 'contained') or starts_with(leveled.name_level, 'rests'))
            as has_entity_left_over,
        leveled.shared_millibits,
        leveled.unequal_millibits,
        {% for comparison in comparisons() -%}
        leveled.{{ comparison }}_level,
        {% endfor -%}
        leveled.left_rest_class,
        leveled.right_rest_class,
        leveled.left_rest_words,
        leveled.right_rest_words,
        cast(
            weights.prior_millibits
            {% for comparison in comparisons() -%}
            + {{ weight_of(comparison, 'leveled.' ~ comparison ~ '_level') }}
            {% endfor -%}
            as integer
        ) as own_millibits
    from leveled
    cross join weights

)

select * from final
