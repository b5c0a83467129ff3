with partner_scores as (

    select * from {{ ref('mart_partner_scores') }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

decisions as (

    select * from {{ ref('partner_decisions') }}
    where decided_on <= {{ as_of_date() }}

),

-- The last word counts.
last_decisions as (

    select * from decisions
    qualify row_number() over (
        partition by partner_id
        order by decided_on desc
    ) = 1

),

final as (

    select
        partner_scores.partner_id,
        partner_scores.partner_name,
        partner_scores.status,
        -- what the score proposes
        partner_scores.partner_score,
        partner_scores.decision as proposed_decision,
        partner_scores.is_within_capacity,
        partner_scores.next_step,
        -- what somebody has signed
        last_decisions.decision,
        last_decisions.decided_on,
        last_decisions.signed_off_by,
        coalesce(last_decisions.owner, partners.contact_owner) as owner,
        last_decisions.note,
        case
            when last_decisions.decision is null then 'open'
            when last_decisions.decision = 'recruit' and partner_scores.status = 'signed' then 'carried out'
            when partner_scores.decision not in (last_decisions.decision, 'unknown') then 'to review'
            else 'signed off'
        end as sign_off,
        {{ as_of_month() }} as as_of_month
    from partner_scores
    inner join partners on partner_scores.partner_id = partners.partner_id
    left join last_decisions on partner_scores.partner_id = last_decisions.partner_id

)

select * from final
