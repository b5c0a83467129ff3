with partners as (

    select * from {{ ref('stg_partners') }}
    where may_be_built

),

policies as (

    select * from {{ ref('sharing_policies') }}
    where {{ is_in_force('valid_from', 'valid_until') }}

),

account_shares as (

    select * from {{ ref('account_shares') }}
    where {{ is_in_force('since', 'until') }}

),

-- What holds of a partner where nothing more is said.
of_partners as (

    select
        concat('partners.csv: ', party_id) as rule_key,
        party_id as partner_id,
        'partner' as scope,
        coalesce({{ text_value('sharing_level') }}, 'overlapping') as level,
        coalesce({{ text_value('shared_fields') }}, 'names') as preset,
        cast(null as varchar) as segment_field,
        cast(null as varchar) as segment_value,
        cast(null as varchar) as record_key
    from partners

),

of_segments as (

    select
        concat('sharing_policies.csv: ', policies.policy_id) as rule_key,
        partners.party_id as partner_id,
        'segment' as scope,
        policies.level,
        policies.preset,
        {{ mapping_key('policies.segment_field') }} as segment_field,
        {{ mapping_key('policies.segment_value') }} as segment_value,
        cast(null as varchar) as record_key
    from policies
    inner join partners on coalesce(policies.partner_id, partners.party_id) = partners.party_id

),

of_accounts as (

    select
        concat('account_shares.csv: ', account_shares.record_key, ' since ', account_shares.since) as rule_key,
        partners.party_id as partner_id,
        'account' as scope,
        account_shares.level,
        account_shares.preset,
        cast(null as varchar) as segment_field,
        cast(null as varchar) as segment_value,
        account_shares.record_key
    from account_shares
    inner join partners on coalesce(account_shares.partner_id, partners.party_id) = partners.party_id

),

final as (

    select * from of_partners
    union all
    select * from of_segments
    union all
    select * from of_accounts

)

select * from final
