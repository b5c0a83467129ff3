-- Fails for a key ever given that leads neither to an account of today nor to a reason, or leads to both or astray.
with account_keys as (

    select * from {{ ref('dim_account_keys') }}

),

registry as (

    select distinct account_key from {{ ref('res_account_registry') }}

),

accounts as (

    select distinct account_key from {{ ref('bridge_account_records') }}

)

select
    registry.account_key,
    account_keys.current_account_key,
    account_keys.no_account_reason
from registry
left join account_keys on registry.account_key = account_keys.account_key
left join accounts on account_keys.current_account_key = accounts.account_key
where
    account_keys.account_key is null
    or (accounts.account_key is null) <> (account_keys.no_account_reason is not null)
    or (account_keys.is_current and account_keys.current_account_key <> account_keys.account_key)
