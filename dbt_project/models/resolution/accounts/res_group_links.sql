-- Why two accounts may be of one group (parent, subsidiary, region, brand), and which accounts that joins. A group is
-- information, never a match.
with account_clusters as (

    select * from {{ ref('res_account_clusters') }}

),

account_parents as (

    select * from {{ ref('res_account_parents') }}

),

decided_pairs as (

    select * from {{ ref('res_decided_pairs') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

name_list as (

    select * from {{ ref('res_names') }}

),

pairs_between_accounts as (

    select
        decided_pairs.*,
        left_clusters.record_key as left_record_key,
        right_clusters.record_key as right_record_key,
        left_clusters.account_key as one_account_key,
        right_clusters.account_key as other_account_key
    from decided_pairs
    inner join account_clusters as left_clusters
        on decided_pairs.left_record_number = left_clusters.record_number
    inner join account_clusters as right_clusters
        on decided_pairs.right_record_number = right_clusters.record_number
    where left_clusters.account_key <> right_clusters.account_key

),

-- Who only said "not the same company" (decision reject, no relation) did not rule a group out.
decided_links as (

    select
        one_account_key,
        other_account_key,
        case relation when 'same group' then 'decision' else 'decision against' end as link_reason,
        left_record_key,
        right_record_key,
        concat_ws(': ', concat(decided_by, ' on ', decided_on), decision_reason) as evidence,
        0 as strength_millibits
    from pairs_between_accounts
    where relation in ('same group', 'unrelated')

),

parent_links as (

    select
        account_key as one_account_key,
        parent_account_key as other_account_key,
        case
            when not is_believed then 'parent by one partner'
            when has_conflicting_parents then 'one of several parents'
            else 'parent'
        end as link_reason,
        least(record_key, parent_record_key) as left_record_key,
        greatest(record_key, parent_record_key) as right_record_key,
        concat(record_key, ' names ', parent_record_key, ' as its parent') as evidence,
        0 as strength_millibits
    from account_parents

),

-- What nobody decided, and what no trick of letters or note in brackets makes alike.
undecided_pairs as (

    select * from pairs_between_accounts
    where decision is null and not has_mixed_scripts and left_name_number < 2 and right_name_number < 2

),

-- A house with one website: a domain alone may be an agency's, so the names must share a distinctive word.
domain_links as (

    select
        undecided_pairs.one_account_key,
        undecided_pairs.other_account_key,
        'domain' as link_reason,
        undecided_pairs.left_record_key,
        undecided_pairs.right_record_key,
        records.domain as evidence,
        undecided_pairs.shared_millibits as strength_millibits
    from undecided_pairs
    inner join records
        on undecided_pairs.left_record_number = records.record_number
    where
        undecided_pairs.domain_level in ('same', 'alias')
        and not undecided_pairs.has_common_name
        and undecided_pairs.shared_millibits >= {{ var('common_name_millibits') }}

),

-- Acme Japan, Acme Holding. The very same name in two countries is none: strangers share names.
name_links as (

    select
        undecided_pairs.one_account_key,
        undecided_pairs.other_account_key,
        'name' as link_reason,
        undecided_pairs.left_record_key,
        undecided_pairs.right_record_key,
        concat(left_names.core_name, ' / ', right_names.core_name) as evidence,
        undecided_pairs.shared_millibits as strength_millibits
    from undecided_pairs
    inner join name_list as left_names
        on undecided_pairs.left_core_number = left_names.core_number
    inner join name_list as right_names
        on undecided_pairs.right_core_number = right_names.core_number
    where undecided_pairs.has_group_name

),

every_link as (

    select * from decided_links
    union all
    select * from parent_links
    union all
    select * from domain_links
    union all
    select * from name_links

),

-- One pair of records stands for all that say the same: the strongest.
links as (

    select
        link_reason,
        left_record_key,
        right_record_key,
        evidence,
        strength_millibits,
        least(one_account_key, other_account_key) as left_account_key,
        greatest(one_account_key, other_account_key) as right_account_key
    from every_link
    qualify row_number() over (
        partition by
            least(one_account_key, other_account_key), greatest(one_account_key, other_account_key), link_reason
        order by strength_millibits desc, left_record_key asc, right_record_key asc, evidence asc
    ) = 1

),

numbers as (

    select
        account_key,
        row_number() over (order by account_key) as account_number
    from (
        select left_account_key as account_key from links
        union
        select right_account_key as account_key from links
    ) as linked

),

linked_accounts as (

    select
        left_numbers.account_number as left_number,
        right_numbers.account_number as right_number,
        cast(1 + max(links.strength_millibits) as bigint) as millibits,
        bool_or(links.link_reason in ('decision', 'parent', 'domain', 'name')) as is_accepted,
        bool_or(links.link_reason = 'decision') as is_certain,
        bool_or(links.link_reason = 'decision against') as is_forbidden,
        not bool_or(links.link_reason in ('decision', 'parent', 'domain')) as is_weak
    from links
    inner join numbers as left_numbers
        on links.left_account_key = left_numbers.account_key
    inner join numbers as right_numbers
        on links.right_account_key = right_numbers.account_key
    group by left_numbers.account_number, right_numbers.account_number

),

accepted_pairs as (

    select
        left_number,
        right_number
    from linked_accounts
    where is_accepted

),

components as (

    {{ connected_components('accepted_pairs', 'left_number', 'right_number') }}

),

component_pairs as (

    select
        components.component_number,
        list(
            {
                'left_number': linked_accounts.left_number,
                'right_number': linked_accounts.right_number,
                'millibits': linked_accounts.millibits,
                'is_accepted': linked_accounts.is_accepted,
                'is_certain': linked_accounts.is_certain,
                'is_forbidden': linked_accounts.is_forbidden,
                'is_weak': linked_accounts.is_weak
            }
        ) as pairs
    from linked_accounts
    inner join components
        on linked_accounts.left_number = components.number
    group by components.component_number

),

-- Two groups with different companies at their top are two, whatever names say.
ultimate_parents as (

    select
        account_key,
        ultimate_parent_account_key
    from account_parents
    where ultimate_parent_account_key is not null
    union
    select
        ultimate_parent_account_key as account_key,
        ultimate_parent_account_key
    from account_parents
    where ultimate_parent_account_key is not null

),

component_parents as (

    select
        components.component_number,
        list(
            {
                'number': numbers.account_number,
                'scheme': 'ultimate parent',
                'id': ultimate_parents.ultimate_parent_account_key
            }
        ) as ids
    from ultimate_parents
    inner join numbers
        on ultimate_parents.account_key = numbers.account_key
    inner join components
        on numbers.account_number = components.number
    group by components.component_number

),

joined as (

    select
        unnest(
            pair_joins(component_pairs.pairs, [], component_parents.ids, {{ var('most_accounts_joined_by_names') }})
        ) as account_join
    from component_pairs
    left join component_parents
        on component_pairs.component_number = component_parents.component_number

),

final as (

    select
        links.left_account_key,
        links.right_account_key,
        links.link_reason,
        links.left_record_key,
        links.right_record_key,
        links.evidence,
        joined.account_join.left_cluster_number as left_group_number,
        joined.account_join.right_cluster_number as right_group_number,
        case
            when links.link_reason = 'decision against' then null
            when links.link_reason = 'parent by one partner' then 'said by one partner alone'
            when joined.account_join.refusal = 'conflicting ids' or links.link_reason = 'one of several parents'
                then 'conflicting parents'
            when joined.account_join.refusal = 'too many by weak pairs' then 'too many by names alone'
            else joined.account_join.refusal
        end as refusal
    from links
    inner join numbers as left_numbers
        on links.left_account_key = left_numbers.account_key
    inner join numbers as right_numbers
        on links.right_account_key = right_numbers.account_key
    left join joined
        on
            left_numbers.account_number = joined.account_join.left_number
            and right_numbers.account_number = joined.account_join.right_number

)

select * from final
