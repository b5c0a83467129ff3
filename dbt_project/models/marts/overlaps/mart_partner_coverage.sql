with account_overlaps as (

    select * from {{ ref('fct_account_overlaps') }}
    where as_of_month = {{ as_of_month() }}

),

partners as (

    select * from {{ ref('dim_partners') }}

),

our_accounts as (

    select * from {{ ref('fct_our_accounts') }}

),

bases as (

    select coalesce(max(icp_basis), 'status proxy') as icp_basis
    from our_accounts

),

-- Excluded accounts are in no numerator and no denominator.
accounts as (

    select
        account_overlaps.partner_id,
        account_overlaps.is_on_our_list,
        account_overlaps.is_on_partner_list,
        account_overlaps.is_overlap,
        account_overlaps.partner_status,
        coalesce(our_accounts.is_icp_account, false) as is_our_icp_account
    from account_overlaps
    left join our_accounts on account_overlaps.account_key = our_accounts.account_key
    where not account_overlaps.is_excluded

),

counted as (

    select
        partner_id,
        {% for figure, condition in {
            'our_account_count': 'is_on_our_list',
            'our_icp_account_count': 'is_our_icp_account',
            'overlap_account_count': 'is_overlap',
            'served_icp_account_count': 'is_overlap and is_our_icp_account',
            'served_icp_customer_count': "is_overlap and is_our_icp_account and partner_status = 'customer'",
            'union_account_count': 'true',
        }.items() %}
        {{ if_delivered('accounts', 'sum(case when ' ~ condition ~ ' then 1 else 0 end)') }} as {{ figure }},
        {% endfor %}
        sum(case when is_on_partner_list then 1 else 0 end) as partner_account_count
    from accounts
    group by partner_id

),

rated as (

    select
        partner_id,
        cast(our_account_count as bigint) as our_account_count,
        cast(our_icp_account_count as bigint) as our_icp_account_count,
        cast(partner_account_count as bigint) as partner_account_count,
        cast(overlap_account_count as bigint) as overlap_account_count,
        cast(served_icp_account_count as bigint) as served_icp_account_count,
        cast(served_icp_customer_count as bigint) as served_icp_customer_count,
        cast(union_account_count as bigint) as union_account_count,
        {{ rate('served_icp_account_count', 'our_icp_account_count') }} as our_icp_coverage_rate,
        {{ rate('overlap_account_count', 'partner_account_count') }} as partner_coverage_rate,
        {{ rate('overlap_account_count', 'union_account_count') }} as jaccard_rate
    from counted

),

final as (

    select
        partners.partner_id,
        partners.name as partner_name,
        partners.list_month,
        partners.list_status,
        partners.is_stale,
        bases.icp_basis,
        rated.our_account_count,
        rated.our_icp_account_count,
        rated.partner_account_count,
        rated.overlap_account_count,
        rated.union_account_count,
        rated.served_icp_account_count,
        rated.served_icp_customer_count,
        rated.our_icp_coverage_rate,
        rated.partner_coverage_rate,
        rated.jaccard_rate,
        case
            when rated.our_icp_coverage_rate > {{ var('coverage_high_rate') }} then 'high'
            when rated.our_icp_coverage_rate >= {{ var('coverage_medium_rate') }} then 'medium'
            when rated.our_icp_coverage_rate > 0 then 'low'
            when rated.our_icp_coverage_rate = 0 then 'complementary'
        end as coverage_band
    from rated
    cross join bases
    inner join partners on rated.partner_id = partners.partner_id

)

select * from final
