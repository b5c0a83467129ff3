-- Stops with every row of icp_definitions.csv that cannot be read, and what to do about it. It raises an error
-- instead of giving rows, because of a failing test dbt tells only how many rows it found.
with icp_rules as (

    select * from {{ ref('stg_icp_rules') }}

),

problems as (

    select
        string_agg(
            concat(
                'party ', coalesce(party_id, '(empty)'), ', field ', coalesce(field, '(empty)'), ', operator ',
                coalesce(operator, '(empty)'), ', value ', coalesce(rule_value, '(empty)'), ': ', problem
            ), '; ' order by party_id, field, rule_value
        ) as problem
    from icp_rules
    where problem is not null

)

select problem
from problems
where problem is not null and error(concat('seeds/company/icp_definitions.csv: ', problem, '.')) is null
