with engagements as (

    select * from {{ ref('stg_engagements') }}
    where party_id = 'us'

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

contacts as (

    select * from {{ ref('stg_contacts') }}

),

partners as (

    select * from {{ ref('stg_partners') }}

),

-- Who a next step may name: whoever any list has at the account, and whoever took part.
contact_words as (

    {{ words_of_contacts('contacts', 'account_records') }}

),

participant_words as (

    select
        engagement_key,
        -- a word in small letters is no name, unless its script has no others
        list_transform(
            list_filter(
                regexp_extract_all(participants, '[\p{L}\p{M}]{3,}'),
                lambda word: word <> lower(word) or word = upper(word)
            ),
            lambda word: lower(word)
        ) as words
    from engagements
    where participants is not null

),

known_names as (

    select
        engagements.engagement_key,
        account_records.account_key,
        engagements.next_step,
        list_concat(contact_words.words, participant_words.words) as words
    from engagements
    left join account_records on engagements.account_record_key = account_records.record_key
    left join contact_words on account_records.account_key = contact_words.account_key
    left join participant_words on engagements.engagement_key = participant_words.engagement_key

),

next_steps as (

    select
        engagement_key,
        account_key,
        {{ without_words('next_step', 'words') }} as next_step
    from known_names

),

-- Who took part is left out, and persons are taken out of the next step: a log of engagements names them.
final as (

    select
        engagements.engagement_key,
        engagements.source_id,
        next_steps.account_key,
        partners.party_id as partner_id,
        engagements.engaged_on,
        engagements.activity,
        engagements.engagement_type,
        list_contains({{ var('deep_engagement_types') }}, engagements.engagement_type) as is_deep,
        engagements.outcome,
        list_contains({{ var('positive_engagement_outcomes') }}, engagements.outcome) as is_positive,
        next_steps.next_step,
        engagements.owner
    from engagements
    inner join next_steps on engagements.engagement_key = next_steps.engagement_key
    left join partners on engagements.partner_id = partners.party_id

)

select * from final
