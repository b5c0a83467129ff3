-- Fails for a record or overlap of a partner without an NDA in force on the run's day, or withdrawn.
with partners_not_built as (

    select party_id from {{ ref('stg_partners') }}
    where not may_be_built

),

built as (

    select
        party_id,
        record_key as built_key
    from {{ ref('bridge_account_records') }}
    union all
    select
        partner_id as party_id,
        account_key as built_key
    from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

)

select built.*
from built
inner join partners_not_built on built.party_id = partners_not_built.party_id
