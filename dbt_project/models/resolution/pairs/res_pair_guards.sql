-- Which kind of evidence speaks for each pair, and whether a guard forbids an automatic match whatever the score.
{{ config(materialized='view') }}

with compared_pairs as (

    select * from {{ ref('res_compared_pairs') }}

),

described as (

    select
        *,
        registration_level = 'same' or domain_level in ('same', 'alias') as has_identifier,
        -- one that stands on differing names of one list is a group's or an agency's
        (
            registration_level = 'same'
            and coalesce(registration_name_count < {{ var('crowded_identifier_name_count') }}, true)
        )
        or (
            domain_level in ('same', 'alias')
            and coalesce(domain_name_count < {{ var('crowded_identifier_name_count') }}, true)
        ) as has_own_identifier,
        name_level in ('exact', 'spacing', 'order') as has_same_name,
        -- each name has a word of its own that tells companies apart: GR Silver Mining, Silver Storm Mining
        name_level in ('nothing shared', 'unknown')
        or (
            left_rest_class not in ('none', 'structure', 'own place')
            and right_rest_class not in ('none', 'structure', 'own place')
            and name_level <> 'acronym'
        ) as has_differing_names,
        (
            left_party_id = right_party_id and name_level not in ('exact', 'spacing', 'order')
        ) as has_differing_names_in_one_list
    from compared_pairs

),

contradicted as (

    select
        *,
        has_differing_names and spelling_level <> 'over 0.95' and domain_label_level <> 'is the name'
            as has_contradicting_names
    from described

),

guarded as (

    select
        *,
        case
            when registration_level = 'conflict' then 'conflicting registration ids'
            -- a partner's row may be exchanged step by step, until only what it once said is ours
            when has_only_partners_past and registration_level <> 'same' then 'earlier name or domain'
            -- numbers and domains are public: whoever knows one can write it into any row
            when
                has_identifier
                and has_contradicting_names
                and name_level <> 'unknown'
                and phone_level <> 'same'
                and (
                    country_level = 'different'
                    or (registration_level = 'same' and domain_level = 'different')
                    or (
                        registration_level = 'same'
                        and country_level <> 'same'
                        and domain_level not in ('same', 'alias', 'same label')
                    )
                )
                then 'contradicted identifier'
            when has_own_identifier then null
            when numeral_level = 'conflict' then 'conflicting numerals'
            when has_contradicting_names then 'differing names'
            when has_identifier and not has_differing_names_in_one_list then null
            when has_mixed_scripts then 'mixed scripts'
            when country_level = 'different' then 'other country'
            -- a common name stays a question whatever place agrees: Global Services has many in one city
            when
                shared_millibits < case
                    -- Malaysia Airlines: what is done in one place, and in either list by one alone
                    when has_same_name and has_place_word and namesake_level = 'none' then 0
                    when has_same_name and legal_form_level in ('same', 'same class')
                        then {{ var('common_name_millibits') }}
                    when has_common_name then {{ var('generic_name_millibits') }}
                    when has_same_name and namesake_level <> 'none' then {{ var('common_name_millibits') }}
                    else 0
                end
                and phone_level <> 'same' and domain_label_level <> 'is the name'
                then 'common name'
            -- Acme Japan is of Acme's group; whether it is Acme, a name alone does not say
            when name_level = 'contained, rest place' then 'place left over'
            -- letters are soon the same: J&J, B.B.C.
            when
                has_other_acronym
                and name_level = 'acronym'
                and phone_level <> 'same' and domain_label_level <> 'is the name'
                then 'acronym alone'
            -- a company's pension plan or foundation stands beside it, and is another one
            when has_entity_left_over then 'entity left over'
            -- Emma LLC, Emma Daniels
            when
                name_level = 'contained, rest distinctive'
                and has_one_word_inside
                and phone_level <> 'same' and domain_label_level <> 'is the name'
                then 'one word of a name'
            when numeral_level = 'one_sided' then 'numeral left over'
            -- the same note in brackets behind two names
            when left_name_number >= 2 and right_name_number >= 2 then 'other names of both'
            -- funds of one house share its domain, and each is a record of its own; last, so that what is left are
            -- names that between two lists nothing would stand against (res_list_priors counts them)
            when has_differing_names_in_one_list then 'differing names in one list'
        end as own_guard
    from contradicted

),

reasoned as (

    select
        * exclude (
            has_identifier, has_differing_names, has_differing_names_in_one_list, has_own_identifier,
            has_contradicting_names, has_place_word
        ),
        -- an identifier of one company stands above any name
        has_own_identifier and country_level <> 'different' as has_own_identifier,
        -- the same distinctive words, and nothing left over but places and words of structure: Acme Japan, Acme Holding
        not has_common_name
        and not are_of_countries
        and unequal_millibits = 0
        and shared_millibits >= {{ var('group_name_millibits') }}
        and name_level in (
            'contained, rest place', 'contained, rest own place', 'contained, rest structure',
            'rests place and place', 'rests own place and place', 'rests own place and own place',
            'rests place and structure', 'rests own place and structure'
        ) as has_group_name,
        case
            when registration_level = 'same' then 'registration id'
            when domain_level = 'same' then 'domain'
            when domain_level = 'alias' then 'domain alias'
            when has_same_name then 'exact name'
            when name_level = 'acronym' then 'acronym'
            else 'fuzzy name'
        end as match_reason,
        case
            -- Gladstone Commercial Corporation and Limited Partnership: a house gives one name to many of its companies
            when
                has_same_name and legal_form_level = 'different' and country_level <> 'same' and not has_identifier
                then 'other legal form'
            when has_identifier or has_same_name then 'strong'
            when name_level in ('misspelt', 'partly misspelt', 'cut short') then 'misspelt'
            when name_level = 'acronym' then 'acronym'
            when name_level = 'contained, rest structure' then 'structure left over'
            when name_level in ('contained, rest distinctive', 'contained, rest own place') then 'distinctive left over'
            when starts_with(name_level, 'contained') then 'generic left over'
            else 'both left over'
        end as evidence_class
    from guarded

),

final as (

    select
        * replace (
            cast(own_guard as {{ enum_of('guard') }}) as own_guard,
            cast(match_reason as {{ enum_of('match_reason') }}) as match_reason,
            cast(evidence_class as {{ enum_of('evidence_class') }}) as evidence_class
        )
    from reasoned

)

-- the columns of the pairs that were compared are made by loops, so the linter cannot count them
select * from final -- noqa: AM04
