with accounts as (

    select distinct
        party_id,
        export_month
    from {{ source('raw', 'accounts') }}

),

opportunities as (

    select distinct
        party_id,
        export_month
    from {{ source('raw', 'opportunities') }}

),

engagements as (

    select distinct
        party_id,
        export_month
    from {{ source('raw', 'engagements') }}

),

contacts as (

    select distinct
        party_id,
        export_month
    from {{ source('raw', 'contacts') }}

),

partners as (

    select * from {{ ref('stg_partners') }}

),

exports as (

    select
        'accounts' as object,
        *
    from accounts
    union all
    select
        'opportunities' as object,
        *
    from opportunities
    union all
    select
        'engagements' as object,
        *
    from engagements
    union all
    select
        'contacts' as object,
        *
    from contacts

),

-- E1: nothing is built for a partner without an NDA or withdrawn, whatever once reached the raw tables.
permitted_parties as (

    select 'us' as party_id
    union all
    select party_id from partners
    where may_be_built

),

-- A party that sent nothing this month keeps its latest list.
latest_exports as (

    select
        exports.party_id,
        exports.object,
        max(exports.export_month) as export_month
    from exports
    inner join permitted_parties on exports.party_id = permitted_parties.party_id
    where exports.export_month <= {{ as_of_month() }}
    group by exports.party_id, exports.object

),

final as (

    select
        party_id,
        object,
        export_month,
        export_month < {{ as_of_month() }} as is_stale
    from latest_exports

)

select * from final
