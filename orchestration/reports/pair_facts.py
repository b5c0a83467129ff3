"""What explain asks the warehouse about a pair, and in which order it has it worked out.

Belongs here: the queries. Does not belong here: running them and laying out what they give (explain.py).
"""

# What is worked out for the pair, in this order; every other relation is read as it was built, the estimated share of
# true pairs (res_list_priors) too, which rests on all pairs of two lists.
RECOMPUTED = (
    "resolution.res_compared_pairs",
    "resolution.res_pair_guards",
    "resolution.res_pair_evidence",
    "resolution.res_scored_pairs",
    "resolution.res_decided_pairs",
    "resolution.res_explained_pairs",
    "marts.fct_account_matches",
    "marts.fct_account_match_evidence",
)
KEYS = "resolution.res_record_keys"
PROPOSED_PAIRS = "resolution.res_proposed_pairs"

PAIR = "left_record_key = $left and right_record_key = $right"
# The same by the numbers that records have in this build.
NUMBERED_PAIR = "left_record_number = getvariable('left_number') and right_record_number = getvariable('right_number')"
RECORD_NUMBER = "select record_number from resolution.res_account_records where record_key = $1"

# The pair, compared because it was asked for, as a person's decision would have it compared.
ASKED_PAIR = """
    create or replace view resolution.res_pair_decisions as
        select getvariable('left_number') as left_record_number, getvariable('right_number') as right_record_number;
    create or replace view resolution.res_blocking_keys as
        from stored.resolution.res_blocking_keys
        where record_number in (getvariable('left_number'), getvariable('right_number'));
    create or replace view resolution.res_proposed_pairs as {res_proposed_pairs};
    create temp table asked_pair as {res_candidate_pairs};
    create or replace view resolution.res_pair_decisions as from stored.resolution.res_pair_decisions;
    create or replace view resolution.res_blocking_keys as from stored.resolution.res_blocking_keys;
"""

# Every pair that touches the two records, and every pair that touches a record met there: so a rival's own rivals are
# seen too, and whether a record is already matched comes out as it did in the build.
CANDIDATES = f"""
    create table resolution.res_candidate_pairs as
    with asked as (select unnest([getvariable('left_number'), getvariable('right_number')])),
    met as (
        select unnest([left_record_number, right_record_number])
        from stored.resolution.res_candidate_pairs
        where left_record_number in (from asked) or right_record_number in (from asked)
    )
    select * from stored.resolution.res_candidate_pairs
    where left_record_number in (from met) or right_record_number in (from met) or {NUMBERED_PAIR}
"""  # noqa: S608 (a condition of our own)

ADD_ASKED_PAIR = f"""
    insert into resolution.res_candidate_pairs by name
    select * replace (0 as rule_bits) from temp.asked_pair
    where not exists (from resolution.res_candidate_pairs where {NUMBERED_PAIR})
"""  # noqa: S608 (a condition of our own)

# Two lists of which no pair was compared have no estimate; then the fitted share is all there is.
MISSING_LIST_PRIOR = """
    create table resolution.res_list_priors as
    from stored.resolution.res_list_priors
    union all by name
    select left_party_id, right_party_id, evidence_class, 0 as list_prior_millibits from temp.asked_pair
    cross join (select distinct evidence_class from stored.resolution.res_list_priors)
    anti join stored.resolution.res_list_priors using (left_party_id, right_party_id)
"""

# A pair too unlikely to be kept is shown all the same.
KEPT_PAIR = f"update resolution.res_scored_pairs set is_kept = true where {NUMBERED_PAIR}"  # noqa: S608 (a condition of our own)

# As the lists say it, not in the form in which it is compared.
RECORDS = """
    select
        records.record_key,
        records.name,
        records.website_host as website,
        concat_ws(', ', delivered.city, delivered.state, records.country_code) as place,
        clusters.account_key,
        case
            when clusters.matched_record_key is null then clusters.match_reason
            else concat(clusters.match_reason, ' with ', clusters.matched_record_key)
        end as account_reason
    from resolution.res_account_records as records
    inner join staging.stg_accounts as delivered on records.record_key = delivered.record_key
    left join resolution.res_account_clusters as clusters on records.record_key = clusters.record_key
    where records.record_key in ($left, $right)
    order by records.record_key
"""

# The other records of their accounts, and the pair that brought each in.
COMPANIONS = """
    select
        clusters.account_key as account,
        records.party_id as party,
        records.record_key as record,
        records.name,
        concat_ws(' with ', clusters.match_reason, clusters.matched_record_key) as "joined by"
    from resolution.res_account_clusters as clusters
    inner join resolution.res_account_records as records on clusters.record_key = records.record_key
    where clusters.account_key in ($one, $two) and clusters.record_key not in ($left, $right)
    order by account, record
"""

# What only says once more that the names are equal counts with the name.
EVIDENCE = f"""
    select
        case when is_repetition then 'name' else comparison end as comparison,
        min_by(left_value, comparison_number) as left_value,
        min_by(right_value, comparison_number) as right_value,
        min_by(level, comparison_number) as level,
        sum(evidence_millibits) as evidence_millibits,
        string_agg(comparison, ', ' order by comparison_number) filter (where is_repetition) as repeated_by
    from marts.fct_account_match_evidence
    where {PAIR}
    group by all
    order by min(comparison_number)
"""  # noqa: S608 (a condition of our own)

# Keys are texts only here: the build groups them by number, and keeps those alone that propose pairs.
SHARED_KEYS = f"""
    with keys as ({{res_record_keys}}),
    shared as (
        select distinct key_number
        from keys as one
        inner join keys as other using (key_number)
        where
            one.record_number = getvariable('left_number') and other.record_number = getvariable('right_number')
            and not (one.is_part and other.is_part)
    ),
    parties as (
        select distinct party_id from resolution.res_account_records
        where record_number in (getvariable('left_number'), getvariable('right_number'))
    ),
    listed as (
        select record_number from resolution.res_account_records semi join parties using (party_id)
    )
    select
        rule, blocking_key, count(distinct record_number) as record_count,
        key_number in (select key_number from resolution.res_proposed_pairs where {NUMBERED_PAIR}) as proposes_pairs
    from keys
    semi join shared using (key_number)
    semi join listed using (record_number)
    group by rule, blocking_key, key_number
    order by proposes_pairs desc, record_count, rule, blocking_key
"""  # noqa: S608 (a condition of our own)

DECISIONS = f"""
    select
        decision, relation, decided_by as by, decided_on as "on", reason, expires_on as "expires on",
        decided_in as "where", inherited_from as "inherited from"
    from resolution.res_pair_decisions where {NUMBERED_PAIR} order by decided_on desc, decided_by
"""  # noqa: S608 (a condition of our own)

# What all kept pairs between the two accounts say together, where clustering kept an accepted pair apart.
BETWEEN_ACCOUNTS = """
    select
        count(*) as pairs,
        coalesce(sum(pairs.match_millibits), 0) / 1000 as bits,
        count(*) filter (where pairs.decision in ('reject', 'hold')) as forbidden_pairs,
        count(*) filter (where pairs.guard = 'conflicting registration ids') as conflicting_pairs
    from stored.marts.fct_account_matches as pairs
    where (pairs.left_account_key, pairs.right_account_key) in (($one, $two), ($two, $one))
"""

# Why the two accounts are, or are not, of one group.
GROUP_LINKS = """
    select link_reason, evidence, refusal from marts.fct_account_group_links
    where (left_account_key, right_account_key) in (($one, $two), ($two, $one))
    order by link_reason
"""

# Comparisons that the weights know and this pair says nothing about.
NOT_KNOWN = f"""
    select distinct comparison from seeds.match_weights
    where comparison not in (select comparison from marts.fct_account_match_evidence where {PAIR})
    order by comparison
"""  # noqa: S608 (a condition of our own)
