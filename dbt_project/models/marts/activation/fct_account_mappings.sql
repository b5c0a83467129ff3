-- Of every month, not only of the run's: what a quarter has counted stays counted when a record leaves a list, and when
-- two accounts turn out to be one, the earlier of their days holds.
with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month <= {{ as_of_month() }} and is_overlap and not is_excluded and not is_partner

),

account_keys as (

    select * from {{ ref('dim_account_keys') }}

),

mapped as (

    select
        account_overlaps.partner_id,
        coalesce(account_keys.current_account_key, account_overlaps.account_key) as account_key,
        min(account_overlaps.mapped_on) as mapped_on,
        bool_or(account_overlaps.as_of_month = {{ as_of_month() }}) as is_current
    from account_overlaps
    left join account_keys on account_overlaps.account_key = account_keys.account_key
    group by coalesce(account_keys.current_account_key, account_overlaps.account_key), account_overlaps.partner_id

),

final as (

    select
        account_key,
        partner_id,
        mapped_on,
        is_current,
        min(mapped_on) over (partition by account_key) as first_mapped_on
    from mapped

)

select * from final
