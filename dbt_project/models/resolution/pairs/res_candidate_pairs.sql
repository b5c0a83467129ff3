-- Unordered pairs of records worth comparing, with the rules that proposed them.
with proposed_pairs as (

    select * from {{ ref('res_proposed_pairs') }}

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

pair_decisions as (

    select * from {{ ref('res_pair_decisions') }}

),

exchanged_pairs as (

    select * from {{ ref('res_exchanged_pairs') }}

),

-- What a person has judged, or is to, is always looked at, whatever the keys say.
decided as (

    select
        left_record_number,
        right_record_number,
        {{ rule_bits(['decision']) }} as rule_bit
    from pair_decisions
    union all
    select
        left_record_number,
        right_record_number,
        {{ rule_bits(['exchange']) }} as rule_bit
    from exchanged_pairs

),

proposals as (

    select
        left_record_number,
        right_record_number,
        rule_bit
    from proposed_pairs
    union all
    select * from decided

),

proposed as (

    select
        left_record_number,
        right_record_number,
        bit_or(rule_bit) as rule_bits,
        count(*) as proposal_count
    from proposals
    group by left_record_number, right_record_number

),

-- Records of one party that go by a name; and those elsewhere, as far as they are no more, so that no crowd counts.
namesakes as (

    select
        records.party_id,
        account_names.core_number,
        count(*) as record_count,
        least(
            count(*), sum(count(*)) over (partition by account_names.core_number) - count(*)
        ) as elsewhere_count
    from account_names
    inner join records
        on account_names.record_number = records.record_number
    group by records.party_id, account_names.core_number

),

-- A record without a name stands here too: an identifier may propose it.
names as (

    select
        records.record_number,
        records.party_id,
        records.is_stand_in,
        account_names.name_number,
        account_names.core_number,
        name_list.glued_name,
        namesakes.record_count as namesake_count,
        namesakes.elsewhere_count as namesake_elsewhere_count,
        count(*) over (partition by records.record_number) as name_count
    from records
    left join account_names
        on records.record_number = account_names.record_number
    left join name_list
        on account_names.core_number = name_list.core_number
    left join namesakes
        on
            records.party_id = namesakes.party_id
            and account_names.core_number = namesakes.core_number

),

-- A cheap look at the names spares most pairs the full comparison.
looked_at as (

    select
        proposed.left_record_number,
        proposed.right_record_number,
        left_names.party_id as left_party_id,
        right_names.party_id as right_party_id,
        proposed.rule_bits,
        proposed.proposal_count,
        left_names.name_number as left_name_number,
        right_names.name_number as right_name_number,
        left_names.core_number as left_core_number,
        right_names.core_number as right_core_number,
        -- who goes by the names in the two lists that the pair is of
        case
            when left_names.core_number = right_names.core_number and left_names.party_id = right_names.party_id
                then left_names.namesake_count + left_names.namesake_elsewhere_count
            when left_names.core_number = right_names.core_number
                then left_names.namesake_count + right_names.namesake_count
            else greatest(left_names.namesake_count, right_names.namesake_count)
        end as namesake_count,
        left_names.name_count * right_names.name_count as name_pair_count,
        left_names.is_stand_in or right_names.is_stand_in as has_stand_in,
        jaro_winkler_similarity(left_names.glued_name, right_names.glued_name) as similarity
    from proposed
    inner join names as left_names
        on proposed.left_record_number = left_names.record_number
    inner join names as right_names
        on proposed.right_record_number = right_names.record_number

),

-- Inside one list differing names never join, so names must look more alike there to be compared. But our own list is
-- also to show what mere chance makes (res_list_priors): its stand-ins are compared as a partner's records would be.
alike as (

    select
        *,
        left_party_id = right_party_id
        and rule_bits & {{ rule_bits(blocking_rules_that('is_sufficient')) }} = 0
        and similarity < {{ var('candidate_similarity_in_one_list') }} as is_only_for_chance
    from looked_at
    where
        rule_bits & {{ rule_bits(blocking_rules_that('is_sufficient')) }} > 0
        or similarity >= case
            when proposal_count > 1 then {{ var('candidate_similarity_of_two_keys') }}
            else {{ var('candidate_similarity') }}
        end

),

worth_comparing as (

    select *
    from alike
    where has_stand_in or not is_only_for_chance

),

-- Of records with several names, the two that look most alike.
best_names as (

    select *
    from worth_comparing
    where name_pair_count = 1
    union all
    select *
    from worth_comparing
    where name_pair_count > 1
    qualify row_number() over (
        partition by left_record_number, right_record_number
        order by similarity desc, left_name_number asc, right_name_number asc
    ) = 1

),

final as (

    select
        left_record_number,
        right_record_number,
        left_party_id,
        right_party_id,
        left_name_number,
        right_name_number,
        left_core_number,
        right_core_number,
        cast(rule_bits as smallint) as rule_bits,
        cast(namesake_count as integer) as namesake_count,
        is_only_for_chance
    from best_names

)

select * from final
