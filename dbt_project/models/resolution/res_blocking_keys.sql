-- What proposes pairs: records that share a key of a rule are looked at, all others never are.
with records as (
    select * from {{ ref('res_account_records') }}
),

account_names as (
    select * from {{ ref('res_account_names') }}
),

name_list as (
    select * from {{ ref('res_names') }}
),

name_words as (
    select * from {{ ref('res_name_words') }}
),

registrations as (
    select
        record_key,
        record_number,
        party_id,
        'registration' as rule,
        'lei:' || lei as blocking_key
    from records
    where lei is not null
    union all
    select
        record_key,
        record_number,
        party_id,
        'registration' as rule,
        'duns:' || duns as blocking_key
    from records
    where duns is not null
    union all
    select
        record_key,
        record_number,
        party_id,
        'registration' as rule,
        'vat:' || vat_number as blocking_key
    from records
    where vat_number is not null
    union all
    select
        record_key,
        record_number,
        party_id,
        'registration' as rule,
        'siret:' || siret as blocking_key
    from records
    where siret is not null
    union all
    select
        record_key,
        record_number,
        party_id,
        'registration' as rule,
        'cik:' || cik as blocking_key
    from records
    where cik is not null
),

domains as (
    select
        record_key,
        record_number,
        party_id,
        'domain' as rule,
        domain as blocking_key
    from records
    where domain is not null
),

phones as (
    select
        record_key,
        record_number,
        party_id,
        'phone' as rule,
        phone as blocking_key
    from records
    where phone is not null
),

positioned_words as (
    select
        core_name,
        unnest(words) as word,
        generate_subscripts(words, 1) as word_position
    from name_list
),

ranked_words as (
    select
        positioned_words.core_name,
        positioned_words.word,
        positioned_words.word_position,
        name_words.skeleton,
        row_number() over (
            partition by positioned_words.core_name
            order by name_words.distinctiveness_millibits desc, positioned_words.word_position asc
        ) as distinctiveness_rank
    from positioned_words
    inner join name_words
        on positioned_words.word = name_words.word
),

leading_words as (
    select *
    from ranked_words
    where distinctiveness_rank <= {{ var('blocking_words_per_name') }}
),

name_keys as (
    select
        core_name,
        'name' as rule,
        glued_name as blocking_key
    from name_list
    union all
    select
        core_name,
        'skeleton' as rule,
        skeleton as blocking_key
    from name_list
    where length(skeleton) >= 3
    union all
    select
        core_name,
        'beginning' as rule,
        left(glued_name, {{ var('blocking_beginning_length') }}) as blocking_key
    from name_list
    where length(glued_name) >= {{ var('blocking_beginning_length') }}
    union all
    select
        core_name,
        'word' as rule,
        word as blocking_key
    from leading_words
    where length(word) > 1
    union all
    select
        one.core_name,
        'word_pair' as rule,
        least(one.word, other.word) || ' ' || greatest(one.word, other.word) as blocking_key
    from leading_words as one
    inner join leading_words as other
        on
            one.core_name = other.core_name
            and one.word_position < other.word_position
    union all
    select
        core_name,
        'word_beginning' as rule,
        left(word, 5) as blocking_key
    from leading_words
    where distinctiveness_rank = 1 and length(word) >= 6
    union all
    select
        core_name,
        'word_end' as rule,
        right(word, 5) as blocking_key
    from leading_words
    where distinctiveness_rank = 1 and length(word) >= 6
    union all
    select
        core_name,
        'word_skeleton' as rule,
        skeleton as blocking_key
    from leading_words
    where distinctiveness_rank <= 2 and length(skeleton) >= 3 and length(word) >= 5
    union all
    select
        core_name,
        'initials' as rule,
        unnest(initials) as blocking_key
    from name_list
    union all
    select
        core_name,
        'acronym' as rule,
        core_name as blocking_key
    from name_list
    where len(words) = 1 and length(core_name) between 3 and 7
    union all
    select
        core_name,
        'label' as rule,
        glued_name as blocking_key
    from name_list
    union all
    -- a short brand inside a long legal name: Stihl, Andreas Stihl AG & Co. KG
    select
        leading_words.core_name,
        'own_word' as rule,
        leading_words.word as blocking_key
    from leading_words
    inner join name_list
        on leading_words.core_name = name_list.core_name
    where len(name_list.words) > 1 and length(leading_words.word) >= 4
),

record_name_keys as (
    select
        account_names.record_key,
        account_names.record_number,
        account_names.party_id,
        name_keys.rule,
        name_keys.blocking_key
    from account_names
    inner join name_keys
        on account_names.core_name = name_keys.core_name
),

domain_labels as (
    select
        record_key,
        record_number,
        party_id,
        'label' as rule,
        replace(domain_label, '-', '') as blocking_key
    from records
    where domain_label is not null
),

keys as (
    select * from registrations
    union all
    select * from domains
    union all
    select * from phones
    union all
    select * from record_name_keys
    union all
    select * from domain_labels
),

-- Two names of the same initials or a word in common are no pair for that: one must be the acronym, or be the word.
distinct_keys as (
    select
        record_key,
        record_number,
        party_id,
        blocking_key,
        case rule when 'initials' then 'acronym' when 'own_word' then 'label' else rule end as rule,
        bool_and(rule in ('initials', 'own_word')) as is_part
    from keys
    group by all
),

counted as (
    select
        *,
        count(*) over (partition by rule, blocking_key) as record_count
    from distinct_keys
),

bounded as (
    select
        *,
        record_count <= case
            when rule in ('registration', 'domain', 'name') then {{ var('strong_key_record_limit') }}
            else {{ var('weak_key_record_limit') }}
        end as proposes_pairs
    from counted
    where record_count > 1
)

select * from bounded
