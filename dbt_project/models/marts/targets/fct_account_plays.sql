with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_records as (

    select * from {{ ref('bridge_account_records') }}

),

records as (

    select * from {{ ref('stg_accounts') }}
    where party_id = 'us'

),

partners as (

    select * from {{ ref('dim_partners') }}

),

overlap_types as (

    select * from {{ ref('overlap_types') }}

),

plays as (

    select * from {{ ref('plays') }}

),

pairs as (

    select
        account_overlaps.account_key,
        account_overlaps.partner_id,
        account_overlaps.our_status,
        account_overlaps.partner_status,
        account_overlaps.play,
        partners.name as partner_name,
        partners.status as partner_contract_status
    from account_overlaps
    inner join partners on account_overlaps.partner_id = partners.partner_id

),

-- A competitor's product that nobody measured is in use; one whose strength is none is not.
competitor_products as (

    select
        account_records.account_key,
        string_agg(distinct records.competitor_product, ', ' order by records.competitor_product) as products
    from records
    inner join account_records on records.record_key = account_records.record_key
    where records.competitor_product is not null and coalesce(records.competitor_strength, 'unknown') <> 'none'
    group by account_records.account_key

),

served_by_signed as (

    select distinct account_key
    from pairs
    where partner_contract_status = 'signed' and partner_status = 'customer'

),

-- The play of the two statuses comes first, so that its reason is given where another rule finds the same play.
found_plays as (

    select
        pairs.account_key,
        pairs.partner_id,
        pairs.play,
        1 as rule_number,
        overlap_types.note as reason
    from pairs
    left join overlap_types
        on pairs.our_status = overlap_types.our_status and pairs.partner_status = overlap_types.partner_status
    union all
    select
        pairs.account_key,
        pairs.partner_id,
        'competitive_displacement' as play,
        2 as rule_number,
        concat(
            pairs.partner_name,
            ' serves it, and a competitor''s product is in use there: ',
            competitor_products.products,
            '.'
        ) as reason
    from pairs
    inner join competitor_products on pairs.account_key = competitor_products.account_key
    where pairs.partner_status = 'customer' and pairs.our_status <> 'customer'
    union all
    select
        account_key,
        partner_id,
        'win_back' as play,
        3 as rule_number,
        concat('We lost it and ', partner_name, ' serves it.') as reason
    from pairs
    where our_status = 'churned' and partner_status = 'customer'
    union all
    select
        account_key,
        partner_id,
        'expansion' as play,
        4 as rule_number,
        concat(partner_name, ' and we both serve it.') as reason
    from pairs
    where our_status = 'customer' and partner_status = 'customer'
    union all
    select
        pairs.account_key,
        pairs.partner_id,
        'recruit' as play,
        5 as rule_number,
        concat(pairs.partner_name, ' serves it and is not signed; no signed partner serves it.') as reason
    from pairs
    left join served_by_signed on pairs.account_key = served_by_signed.account_key
    where
        pairs.partner_contract_status = 'candidate'
        and pairs.partner_status = 'customer'
        and served_by_signed.account_key is null

),

reasoned_once as (

    select
        account_key,
        partner_id,
        play,
        min_by(reason, rule_number) as reason
    from found_plays
    group by account_key, partner_id, play

),

-- A play that the seed plays does not know is kept and refused by the contract; an inner join would lose it in silence.
final as (

    select
        reasoned_once.account_key,
        reasoned_once.partner_id,
        reasoned_once.play,
        plays.play_number,
        reasoned_once.reason,
        row_number() over (
            partition by reasoned_once.account_key, reasoned_once.partner_id
            order by plays.play_number
        ) = 1 as is_first
    from reasoned_once
    left join plays on reasoned_once.play = plays.play

)

select * from final
