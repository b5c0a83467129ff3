-- For which pairs of today's records each decision of a person holds: decisions are about companies, not about ids.
with match_decisions as (

    select * from {{ ref('stg_match_decisions') }}

),

named_records as (

    select * from {{ ref('res_named_records') }}

),

-- A record that is either of the two, by what it says, is on nobody's side.
unclear_ends as (

    select
        match_decisions.left_record_key,
        match_decisions.right_record_key,
        match_decisions.decided_on,
        left_ends.record_number
    from match_decisions
    inner join named_records as left_ends
        on
            match_decisions.left_record_key = left_ends.named_record_key
            and match_decisions.decided_on = left_ends.named_on
    inner join named_records as right_ends
        on
            match_decisions.right_record_key = right_ends.named_record_key
            and match_decisions.decided_on = right_ends.named_on
            and left_ends.record_number = right_ends.record_number

),

held as (

    select
        match_decisions.*,
        left_ends.record_number as one_record_number,
        right_ends.record_number as other_record_number,
        left_ends.held_by = 'same company' or right_ends.held_by = 'same company' as is_inherited,
        left_ends.record_key <> match_decisions.left_record_key
        or right_ends.record_key <> match_decisions.right_record_key as has_other_record,
        case
            when not left_ends.is_recognisable then left_ends.record_key
            when not right_ends.is_recognisable then right_ends.record_key
        end as exchanged_record_key
    from match_decisions
    inner join named_records as left_ends
        on
            match_decisions.left_record_key = left_ends.named_record_key
            and match_decisions.decided_on = left_ends.named_on
    inner join named_records as right_ends
        on
            match_decisions.right_record_key = right_ends.named_record_key
            and match_decisions.decided_on = right_ends.named_on
            and left_ends.record_number <> right_ends.record_number
    left join unclear_ends
        on
            match_decisions.left_record_key = unclear_ends.left_record_key
            and match_decisions.right_record_key = unclear_ends.right_record_key
            and match_decisions.decided_on = unclear_ends.decided_on
            and (
                (left_ends.held_by = 'same company' and left_ends.record_number = unclear_ends.record_number)
                or (right_ends.held_by = 'same company' and right_ends.record_number = unclear_ends.record_number)
            )
    where unclear_ends.record_number is null

),

-- Keeping two companies apart holds for whoever is one of them; joining two records is said of these two alone.
final as (

    select
        decision,
        relation,
        decided_by,
        decided_on,
        reason,
        expires_on,
        decided_in,
        least(one_record_number, other_record_number) as left_record_number,
        greatest(one_record_number, other_record_number) as right_record_number,
        case when has_other_record then concat(left_record_key, ' and ', right_record_key) end as inherited_from,
        case when not has_other_record then pair_fingerprint end as pair_fingerprint,
        case when decision = 'approve' then exchanged_record_key end as exchanged_record_key
    from held
    where decision <> 'approve' or not is_inherited

)

select * from final
