-- Fails for an attribute of the golden record without a rank for us or for partners, and for a rank of no attribute.
with attribute_trust as (

    select * from {{ ref('attribute_trust') }}

),

attributes as (

    {% for attribute in golden_attributes() %}
    select '{{ attribute }}' as attribute
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        coalesce(attributes.attribute, attribute_trust.attribute) as attribute,
        attributes.attribute is not null as is_attribute,
        sum(case when attribute_trust.party_id = 'us' then 1 else 0 end) as our_rank_count,
        sum(case when attribute_trust.attribute is not null and attribute_trust.party_id is null then 1 else 0 end)
            as partner_rank_count
    from attributes
    full join attribute_trust on attributes.attribute = attribute_trust.attribute
    group by attributes.attribute, attribute_trust.attribute

)

select * from counted
where not is_attribute or our_rank_count <> 1 or partner_rank_count <> 1
