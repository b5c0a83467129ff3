-- Records grouped into companies: the groups that accepted pairs joined, and every other record by itself.
with records as (

    select * from {{ ref('res_account_records') }}

),

pair_joins as (

    select * from {{ ref('res_pair_joins') }}

),

members as (

    select
        left_record_number as record_number,
        left_cluster_number as cluster_number
    from pair_joins
    union
    select
        right_record_number as record_number,
        right_cluster_number as cluster_number
    from pair_joins

),

final as (

    select
        records.record_key,
        coalesce(firsts.record_key, records.record_key) as cluster_key
    from records
    left join members
        on records.record_number = members.record_number
    left join records as firsts
        on members.cluster_number = firsts.record_number

)

select * from final
