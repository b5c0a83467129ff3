-- All that speaks for and against each pair: what its own comparisons say, and how far it leads over the other choices
-- of its two records, which is evidence too.
with guarded_pairs as (

    select * from {{ ref('res_pair_guards') }}

),

weights as (

    select * from {{ ref('res_level_weights') }}

),

-- Both ends of a pair, to see whom else each record could be: of the other side's party.
ends as (

    select
        left_record_number as record_number,
        right_party_id as other_party_id,
        {{ packed_choice('own_millibits', 'right_record_number') }} as choice
    from guarded_pairs
    union all
    select
        right_record_number as record_number,
        left_party_id as other_party_id,
        {{ packed_choice('own_millibits', 'left_record_number') }} as choice
    from guarded_pairs

),

best_choices as (

    select
        record_number,
        other_party_id,
        max(choice, 2) as choices
    from ends
    group by record_number, other_party_id

),

contested as (

    select
        guarded_pairs.*,
        left_choices.choices as left_choices,
        right_choices.choices as right_choices
    from guarded_pairs
    inner join best_choices as left_choices
        on
            guarded_pairs.left_record_number = left_choices.record_number
            and guarded_pairs.right_party_id = left_choices.other_party_id
    inner join best_choices as right_choices
        on
            guarded_pairs.right_record_number = right_choices.record_number
            and guarded_pairs.left_party_id = right_choices.other_party_id

),

-- The best other choice of either end: the best of all, or the second where the pair is the best itself.
rivalled as (

    select
        *,
    {% for side, other in [('left', 'right'), ('right', 'left')] -%}
    case
        when {{ side }}_choices[1] = {{ packed_choice('own_millibits', other ~ '_record_number') }}
            then {{ side }}_choices[2]
        else {{ side }}_choices[1]
    end as {{ side }}_rival{{ ',' if not loop.last }}
    {% endfor %}
    from contested

),

measured as (

    select
        * exclude (left_rival, right_rival, left_choices, right_choices),
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
