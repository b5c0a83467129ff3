with group_links as (

    select * from {{ ref('res_group_links') }}

),

account_groups as (

    select * from {{ ref('res_account_groups') }}

),

final as (

    select
        group_links.left_account_key,
        group_links.right_account_key,
        group_links.link_reason,
        group_links.evidence,
        group_links.left_record_key,
        group_links.right_record_key,
        group_links.refusal,
        left_groups.group_key = right_groups.group_key as is_same_group
    from group_links
    inner join account_groups as left_groups on group_links.left_account_key = left_groups.account_key
    inner join account_groups as right_groups on group_links.right_account_key = right_groups.account_key

)

select * from final
