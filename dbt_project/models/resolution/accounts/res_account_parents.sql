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
        {{ linked_record_key() }} as parent_record_key
    from named_parents
    {{ join_account_links('named_parents') }}

),

parents as (

    select
        parent_records.record_key,
        parent_records.parent_record_key,
        children.account_key,
        parents.account_key as parent_account_key
    from parent_records
    inner join account_clusters as children
        on parent_records.record_key = children.record_key
    inner join account_clusters as parents
        on parent_records.parent_record_key = parents.record_key
    where children.account_key <> parents.account_key

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
        parents.record_key,
        parents.parent_record_key,
        parents.account_key,
        parents.parent_account_key,
        case when tops.ultimate_parent_count = 1 then tops.ultimate_parent_account_key end
            as ultimate_parent_account_key,
        coalesce(tops.ultimate_parent_count > 1, false) as has_conflicting_parents
    from parents
    left join tops
        on parents.account_key = tops.account_key

)

select * from final
