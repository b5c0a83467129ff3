-- What lists say of parents: by its id, else by a name that only one record of the same list has.
with recursive accounts as (

    select * from {{ ref('stg_accounts') }}

),

account_ids as (

    select * from {{ ref('stg_account_ids') }}

),

account_clusters as (

    select * from {{ ref('res_account_clusters') }}

),

named_parents as (

    select
        record_key,
        party_id,
        parent_source_id as account_source_id,
        parent_name as account_name
    from accounts
    where parent_source_id is not null or parent_name is not null

),

unique_account_names as (

    {{ unique_account_names('named_parents') }}

),

parent_records as (

    select
        named_parents.record_key,
        named_parents.party_id,
        {{ linked_record_key() }} as parent_record_key
    from named_parents
    {{ join_account_links('named_parents') }}

),

our_accounts as (

    select distinct account_clusters.account_key
    from account_clusters
    inner join accounts
        on account_clusters.record_key = accounts.record_key
    where accounts.party_id = 'us'

),

stated_parents as (

    select
        parent_records.record_key,
        parent_records.parent_record_key,
        parent_records.party_id,
        children.account_key,
        parents.account_key as parent_account_key
    from parent_records
    inner join account_clusters as children
        on parent_records.record_key = children.record_key
    inner join account_clusters as parents
        on parent_records.parent_record_key = parents.record_key
    where children.account_key <> parents.account_key

),

-- Of accounts of ours we say it, or two partners do: what one partner says alone makes no group.
statement_counts as (

    select
        account_key,
        parent_account_key,
        bool_or(party_id = 'us') as is_our_statement,
        count(distinct party_id) as party_count
    from stated_parents
    group by account_key, parent_account_key

),

judged_parents as (

    select
        stated_parents.*,
        statement_counts.is_our_statement
        or statement_counts.party_count > 1
        or (children.account_key is null and parents.account_key is null) as is_believed
    from stated_parents
    inner join statement_counts
        on
            stated_parents.account_key = statement_counts.account_key
            and stated_parents.parent_account_key = statement_counts.parent_account_key
    left join our_accounts as children
        on stated_parents.account_key = children.account_key
    left join our_accounts as parents
        on stated_parents.parent_account_key = parents.account_key

),

parents as (

    select * from judged_parents
    where is_believed

),

-- Every account above another; a set, so that a circle of parents ends.
ancestors as (

    select
        account_key,
        parent_account_key as ancestor_account_key
    from parents
    union
    select
        ancestors.account_key,
        parents.parent_account_key as ancestor_account_key
    from ancestors
    inner join parents
        on ancestors.ancestor_account_key = parents.account_key

),

tops as (

    select
        ancestors.account_key,
        min(ancestors.ancestor_account_key) as ultimate_parent_account_key,
        count(distinct ancestors.ancestor_account_key) as ultimate_parent_count
    from ancestors
    left join parents
        on ancestors.ancestor_account_key = parents.account_key
    where parents.account_key is null
    group by ancestors.account_key

),

final as (

    select
        judged_parents.record_key,
        judged_parents.parent_record_key,
        judged_parents.account_key,
        judged_parents.parent_account_key,
        judged_parents.is_believed,
        case
            when judged_parents.is_believed and tops.ultimate_parent_count = 1 then tops.ultimate_parent_account_key
        end as ultimate_parent_account_key,
        judged_parents.is_believed and coalesce(tops.ultimate_parent_count > 1, false) as has_conflicting_parents
    from judged_parents
    left join tops
        on judged_parents.account_key = tops.account_key

)

select * from final
