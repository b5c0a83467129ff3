-- Fails for an account kept from a partner that still has a category, a type or a play with that partner.
with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}

),

account_exclusions as (

    select * from {{ ref('bridge_account_exclusions') }}

),

joined as (

    select
        account_overlaps.as_of_month,
        account_overlaps.account_key,
        account_overlaps.partner_id,
        account_overlaps.is_excluded,
        account_overlaps.category,
        account_overlaps.overlap_type,
        account_overlaps.play,
        account_overlaps.exclusion_reason,
        account_exclusions.exclusion_id is not null as has_exclusion_in_force
    from account_overlaps
    left join account_exclusions
        on
            account_overlaps.account_key = account_exclusions.account_key
            and (
                account_exclusions.partner_id is null
                or account_overlaps.partner_id = account_exclusions.partner_id
            )
            and account_overlaps.as_of_month = {{ as_of_month() }}

)

select * from joined
where
    (has_exclusion_in_force and not is_excluded)
    or (is_excluded and (category <> 'excluded' or play <> 'none' or overlap_type <> 'none'))
    or (is_excluded and exclusion_reason is null)
    or (not is_excluded and category = 'excluded')
