-- Fails for a band that does not begin where the one before it ends, a first or last one that is not open, and a
-- number field without bands: a rule's range would touch nothing there and align with nobody.
with fields as (

    select * from {{ ref('icp_fields') }}
    where value_kind = 'number'

),

size_bands as (

    select * from {{ ref('size_bands') }}

),

neighbours as (

    select
        fields.field,
        size_bands.band,
        size_bands.least,
        size_bands.most,
        lag(size_bands.most) over (
            partition by fields.field
            order by size_bands.band_number
        ) as least_expected,
        lead(size_bands.least) over (
            partition by fields.field
            order by size_bands.band_number
        ) as most_expected
    from fields
    left join size_bands on fields.field = size_bands.field

)

select * from neighbours
where band is null or least is distinct from least_expected or most is distinct from most_expected or least >= most
