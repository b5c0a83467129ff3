-- All that speaks for and against each pair: what its own comparisons say, and how far it leads over the other choices
-- of its two records, which is evidence too.
with guarded_pairs as (

    select * from {{ ref('res_pair_guards') }}

),

weights as (

    select * from {{ ref('res_level_weights') }}

),

records as (

    select * from {{ ref('res_account_records') }}

),

-- Records of one list with the same name in the same place are one company listed twice, as far as anybody can say; the
-- first of them stands for all.
repeated_records as (

    select
        unnest(list(record_number)) as record_number,
        min(record_number) as first_record_number
    from records
    where core_name <> '' and city is not null
    group by party_id, core_name, country_code, city
    having count(*) > 1

),

named_pairs as (

    select
        guarded_pairs.*,
        coalesce(left_repeats.first_record_number, guarded_pairs.left_record_number) as left_first_record_number,
        coalesce(right_repeats.first_record_number, guarded_pairs.right_record_number) as right_first_record_number
    from guarded_pairs
    left join repeated_records as left_repeats
        on guarded_pairs.left_record_number = left_repeats.record_number
    left join repeated_records as right_repeats
        on guarded_pairs.right_record_number = right_repeats.record_number

),

-- Both ends of a pair, to see whom else each record could be: of the other side's party.
ends as (

    select
        left_record_number as record_number,
        right_party_id as other_party_id,
        right_first_record_number as other_record_number,
        own_millibits
    from named_pairs
    union all
    select
        right_record_number as record_number,
        left_party_id as other_party_id,
        left_first_record_number as other_record_number,
        own_millibits
    from named_pairs

),

-- A company's second record is no rival of its first.
choices as (

    select
        record_number,
        other_party_id,
        {{ packed_choice('max(own_millibits)', 'other_record_number') }} as choice
    from ends
    group by record_number, other_party_id, other_record_number

),

best_choices as (

    select
        record_number,
        other_party_id,
        max(choice, 2) as choices
    from choices
    group by record_number, other_party_id

),

contested as (

    select
        named_pairs.*,
        left_choices.choices as left_choices,
        right_choices.choices as right_choices
    from named_pairs
    inner join best_choices as left_choices
        on
            named_pairs.left_record_number = left_choices.record_number
            and named_pairs.right_party_id = left_choices.other_party_id
    inner join best_choices as right_choices
        on
            named_pairs.right_record_number = right_choices.record_number
            and named_pairs.left_party_id = right_choices.other_party_id

),

-- The best other choice of either end: the best of all, or the second where the pair is the best itself.
rivalled as (

    select
        *,
    {% for side, other in [('left', 'right'), ('right', 'left')] -%}
    case
        when {{ packed_record_number(side ~ '_choices[1]') }} = {{ other }}_first_record_number
            then {{ side }}_choices[2]
        else {{ side }}_choices[1]
    end as {{ side }}_rival{{ ',' if not loop.last }}
    {% endfor %}
    from contested

),

measured as (

    select
        * exclude (
            left_rival, right_rival, left_choices, right_choices, left_first_record_number, right_first_record_number
        ),
    {% for side in ['left', 'right'] -%}
    {{ packed_record_number(side ~ '_rival') }} as {{ side }}_rival_record_number,
    {{ packed_millibits(side ~ '_rival') }} as {{ side }}_rival_millibits,
    own_millibits - {{ packed_millibits(side ~ '_rival') }} as {{ side }}_lead_millibits{{ ',' if not loop.last }}
    {% endfor %}
    from rivalled

),

-- The runner-up is the stronger of the two ends' other choices. Without any, the lead is unbounded (null).
runners_up as (

    select
        *,
        case
            when left_rival_millibits is null then right_rival_record_number
            when right_rival_millibits is null then left_rival_record_number
            when left_rival_millibits >= right_rival_millibits then left_rival_record_number
            else right_rival_record_number
        end as runner_up_record_number,
        greatest(left_rival_millibits, right_rival_millibits) as runner_up_millibits,
        least(left_lead_millibits, right_lead_millibits) as smaller_lead_millibits,
        case
            when left_lead_millibits is not null and right_lead_millibits is not null
                then greatest(left_lead_millibits, right_lead_millibits)
        end as larger_lead_millibits
    from measured

),

led as (

    select
        *,
    {% for lead in leads() -%}
    cast(
        case
            when {{ lead }}_millibits is null then 'no rival'
            when {{ lead }}_millibits = 0 then 'tie'
            when {{ lead }}_millibits > 0
                then 'ahead by ' || {{ level_between(lead ~ '_millibits', 'ahead', 1000) }}
                -- behind by just as much as a cut is still the level below it
            else 'behind by ' || {{ level_between('(-' ~ lead ~ '_millibits - 1)', 'behind', 1000) }}
        end as {{ enum_of(lead) }}
    ) as {{ lead }}_level{{ ',' if not loop.last }}
    {% endfor %}
    from runners_up

),

weighed as (

    select
        led.*,
        cast(
            led.own_millibits
            {% for lead in leads() -%}
            + {{ weight_of(lead, 'led.' ~ lead ~ '_level') }}
            {% endfor -%}
            as integer
        ) as rivalled_millibits
    from led
    cross join weights

),

-- Duplicates inside one list are no rivals; but if the one stood in another list, they would be.
final as (

    select
        * exclude (rivalled_millibits)
        replace (
            {% for lead in leads() -%}
            cast(
                case when left_party_id = right_party_id then 'unknown' else {{ lead }}_level end
                as {{ enum_of(lead) }}
            ) as {{ lead }}_level{{ ',' if not loop.last }}
            {% endfor %}
        ),
        case when left_party_id = right_party_id then own_millibits else rivalled_millibits end as fitted_millibits,
        rivalled_millibits as chance_millibits
    from weighed

)

-- the columns of the CTEs are made by loops, so the linter cannot count them
select * from final -- noqa: AM04
