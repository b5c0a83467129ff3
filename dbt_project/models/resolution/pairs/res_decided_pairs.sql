-- What is done about each pair: bands by probability, guards where evidence of its kind never suffices, and people's
-- decisions, which always win.
with scored_pairs as (

    select * from {{ ref('res_scored_pairs') }}

),

pair_decisions as (

    select * from {{ ref('res_pair_decisions') }}

),

exchanged_pairs as (

    select * from {{ ref('res_exchanged_pairs') }}

),

effective_decisions as (

    select
        left_record_number,
        right_record_number,
        decision,
        relation,
        decided_by,
        decided_on,
        reason as decision_reason,
        pair_fingerprint as decided_fingerprint,
        inherited_from,
        exchanged_record_key
    from pair_decisions
    where
        decided_on <= {{ as_of_date() }}
        and (expires_on is null or expires_on >= {{ as_of_date() }})

),

-- The latest decision counts; of one day's that about the pair itself, then the most cautious. The one before it is
-- recorded beside it.
ranked_decisions as (

    select
        *,
        row_number() over latest_first as decision_rank,
        lead(decision) over latest_first as other_decision,
        lead(relation) over latest_first as other_relation,
        lead(decided_by) over latest_first as other_decided_by,
        lead(decided_on) over latest_first as other_decided_on,
        lead(inherited_from) over latest_first as other_inherited_from
    from effective_decisions
    window
        latest_first as (
            partition by left_record_number, right_record_number
            order by
                decided_on desc,
                inherited_from is not null asc,
                case decision when 'reject' then 1 when 'hold' then 2 else 3 end,
                decided_by asc,
                decision_reason asc,
                relation asc,
                inherited_from asc
        )

),

-- A person may change their mind from one day to the next; two people who differ, or two answers of one day, are a
-- dispute, until the latest two answers agree. Whoever answers for the pair itself overrules what it inherited. An
-- approval of a record that is another company by now decides nothing.
latest_decisions as (

    select
        * replace (case when exchanged_record_key is null then decision end as decision),
        coalesce(
            (decision <> other_decision or relation <> other_relation)
            and (decided_by <> other_decided_by or decided_on = other_decided_on)
            and not (inherited_from is null and other_inherited_from is not null), false
        ) as is_disputed
    from ranked_decisions
    where decision_rank = 1

),

reasoned as (

    select
        scored_pairs.* replace (
            case when latest_decisions.decision is null then scored_pairs.match_reason else 'human decision' end
                as match_reason
        ),
        latest_decisions.decision,
        latest_decisions.decided_by,
        latest_decisions.decided_on,
        latest_decisions.decision_reason,
        latest_decisions.relation,
        latest_decisions.decided_fingerprint,
        latest_decisions.inherited_from,
        latest_decisions.other_decision,
        latest_decisions.other_relation,
        latest_decisions.other_decided_by,
        latest_decisions.other_decided_on,
        case
            when latest_decisions.decided_by is null then exchanged_pairs.exchanged_record_key
            else latest_decisions.exchanged_record_key
        end as exchanged_record_key,
        coalesce(latest_decisions.is_disputed, false) as is_disputed,
        scored_pairs.name_level in ('exact', 'spacing', 'order') as has_same_name
    from scored_pairs
    left join latest_decisions
        on
            scored_pairs.left_record_number = latest_decisions.left_record_number
            and scored_pairs.right_record_number = latest_decisions.right_record_number
    left join exchanged_pairs
        on
            scored_pairs.left_record_number = exchanged_pairs.left_record_number
            and scored_pairs.right_record_number = exchanged_pairs.right_record_number
    where
        scored_pairs.is_kept
        or latest_decisions.decided_by is not null
        or exchanged_pairs.exchanged_record_key is not null

),

proposed as (

    select
        *,
        case
            when decision = 'approve' then 'auto'
            when decision = 'reject' then 'rejected'
            when decision = 'hold' then 'review'
            when exchanged_record_key is not null and match_probability < {{ var('auto_probability') }} then 'review'
            when own_guard in ('conflicting registration ids', 'conflicting numerals') then 'rejected'
            when
                own_guard is not null
                and match_probability >= case
                    when has_same_name then {{ var('review_probability') }} else {{ var('auto_probability') }}
                end
                then 'review'
            when own_guard is not null then 'rejected'
            when match_probability >= {{ var('auto_probability') }} then 'auto'
            when has_own_identifier and match_probability >= {{ var('auto_probability_with_identifier') }} then 'auto'
            when match_probability >= {{ var('review_probability') }} then 'review'
            else 'rejected'
        end as proposed_band
    from reasoned

),

-- Records that already have their match in the other party's list, and how likely the likeliest is.
accepted_ends as (

    select
        left_record_number as record_number,
        right_party_id as other_party_id,
        match_millibits
    from proposed
    where proposed_band = 'auto'
    union all
    select
        right_record_number as record_number,
        left_party_id as other_party_id,
        match_millibits
    from proposed
    where proposed_band = 'auto'

),

matched_ends as (

    select
        record_number,
        other_party_id,
        max(match_millibits) as best_millibits
    from accepted_ends
    group by record_number, other_party_id

),

-- Such a record need not wait for a person's word on a pair that is less likely. Nor is a second one taken for granted,
-- unless both lists say the very same name or number: one of the two may be the other's sister.
settled as (

    select
        proposed.*,
        proposed.decided_by is null
        and proposed.proposed_band = 'review'
        and (left_ends.record_number is not null or right_ends.record_number is not null) as is_already_matched,
        proposed.decision is null
        and proposed.proposed_band = 'auto'
        and proposed.left_party_id <> proposed.right_party_id
        and not proposed.has_same_name
        and proposed.registration_level <> 'same'
        and (
            proposed.match_millibits < left_ends.best_millibits or proposed.match_millibits < right_ends.best_millibits
        ) as has_likelier_match
    from proposed
    left join matched_ends as left_ends
        on
            proposed.left_record_number = left_ends.record_number
            and proposed.right_party_id = left_ends.other_party_id
    left join matched_ends as right_ends
        on
            proposed.right_record_number = right_ends.record_number
            and proposed.left_party_id = right_ends.other_party_id

),

final as (

    select
        * exclude (is_kept, proposed_band, has_same_name, has_likelier_match),
        cast(
            coalesce(
                own_guard,
                case
                    when is_already_matched then 'already matched'
                    when has_likelier_match then 'likelier match'
                end
            ) as {{ enum_of('guard') }}
        ) as guard,
        cast(
            case when is_already_matched then 'rejected' when has_likelier_match then 'review' else proposed_band end
            as {{ enum_of('band') }}
        ) as band
    from settled

)

-- the columns of the pairs that were compared are made by loops, so the linter cannot count them
select * from final -- noqa: AM04
