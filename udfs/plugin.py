"""Registers the functions of this package with DuckDB; dbt-duckdb loads it as an adapter plugin.

Belongs here: the names, parameter types and return types under which the functions are known in SQL.
Does not belong here: the functions themselves.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import FunctionNullHandling, PythonUDFType

from udfs import clusters, domains, name_forms, persons, registrations, scoring, similarity, values, words


class Udf(NamedTuple):
    """One SQL function: a pure function over Arrow arrays, and its DuckDB types."""

    function: Callable[..., Any]
    parameters: list[str]
    returns: str


def _enum(words: tuple[str, ...]) -> str:
    """The type of a column that holds one of some words."""
    return "enum(" + ", ".join(f"'{word}'" for word in words) + ")"


UDFS: list[Udf] = [
    Udf(
        clusters.pair_joins,
        [
            "struct(left_number bigint, right_number bigint, millibits bigint, is_accepted boolean, "
            "is_certain boolean, is_forbidden boolean, is_weak boolean)[]",
            "struct(number bigint, party varchar, is_ours boolean, has_ids_of_several boolean)[]",
            "struct(number bigint, scheme varchar, id varchar)[]",
            "integer",
        ],
        "struct(left_number bigint, right_number bigint, left_cluster_number bigint, right_cluster_number bigint, "
        "refusal varchar)[]",
    ),
    Udf(
        similarity.compare_names,
        ["varchar", "varchar", "integer[]", "integer[]", "varchar", "varchar"],
        "struct(shared_millibits integer, unequal_millibits integer, shortened_millibits integer, "
        "left_rest_millibits integer, right_rest_millibits integer, "
        f"left_rest_class {_enum(similarity.REST_CLASSES)}, right_rest_class {_enum(similarity.REST_CLASSES)}, "
        f"left_rest_words smallint, right_rest_words smallint, numerals {_enum(similarity.NUMERALS)}, "
        f"first_word {_enum(similarity.FIRST_WORDS)}, "
        f"is_acronym boolean, glued_similarity double, inside {_enum(similarity.INSIDE)})",
    ),
    Udf(domains.domain_parts, ["varchar"], "struct(domain varchar, label varchar)"),
    Udf(name_forms.folded_text, ["varchar"], "varchar"),
    Udf(
        name_forms.name_forms,
        ["varchar[]", "struct(kind varchar, form varchar, value varchar, class varchar)[]"],
        "struct(name varchar, normalized_name varchar, core_name varchar, legal_form varchar, legal_class varchar, "
        "other_core_names varchar[], has_mixed_scripts boolean)[]",
    ),
    Udf(words.name_skeleton, ["varchar"], "varchar"),
    Udf(name_forms.phone_digits, ["varchar"], "varchar"),
    Udf(
        words.name_words,
        [
            "varchar[]",
            "struct(word varchar, number integer, millibits integer, kind integer, is_country_word boolean)[]",
        ],
        "struct(word_numbers integer[], word_codes integer[], word_ranks integer[], "
        "distinctiveness_millibits integer, has_distinctive_word boolean, has_country_word boolean, "
        "has_place_word boolean, skeleton varchar, initials varchar[])[]",
    ),
    Udf(persons.is_misspelt_name, ["varchar", "varchar"], "boolean"),
    Udf(
        persons.person_name_forms,
        ["varchar[]", "struct(kind varchar, word varchar, stands_for varchar)[]"],
        "struct(name varchar, full_name varchar, given_name varchar, given_names varchar, given_forms varchar[], "
        "family_name varchar)[]",
    ),
    Udf(scoring.class_shift_millibits, ["bigint[]", "bigint[]", "double"], "bigint"),
    Udf(scoring.prior_shift_millibits, ["bigint[]", "bigint[]", "double", "double"], "bigint"),
    Udf(values.read_amount, ["varchar", "varchar"], "decimal(18,2)"),
    Udf(values.read_amount_band, ["varchar", "varchar"], "struct(least decimal(18,2), most decimal(18,2))"),
    Udf(values.read_amount_currency, ["varchar"], "varchar"),
    Udf(values.read_boolean, ["varchar"], "boolean"),
    Udf(values.read_currency, ["varchar"], "varchar"),
    Udf(values.read_date, ["varchar", "varchar"], "date"),
    Udf(values.read_dates, ["varchar", "varchar"], "date[]"),
    Udf(values.read_integer_band, ["varchar", "varchar"], "struct(least bigint, most bigint)"),
    Udf(values.read_website_host, ["varchar"], "varchar"),
    Udf(registrations.valid_registration_number, ["varchar", "varchar"], "varchar"),
]


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every function of UDFS callable in SQL under its own name.

    Args:
        connection: an open DuckDB connection; the functions live as long as it does.
    """
    for udf in UDFS:
        connection.create_function(
            udf.function.__name__,
            udf.function,
            [duckdb.type(parameter) for parameter in udf.parameters],
            duckdb.type(udf.returns),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


class Plugin(BasePlugin):
    """The adapter's hook: called once for every connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions on dbt's connection."""
        register(conn)
