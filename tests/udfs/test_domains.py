"""Domains and registration numbers: what identifies a company, and what only seems to."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from udfs.domains import domain_parts
from udfs.registrations import valid_registration_number

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "reference"


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("host", "domain", "label"),
    [
        ("www.foo.co.uk", "foo.co.uk", "foo"),
        ("shop.foo.com", "foo.com", "foo"),
        ("foo.github.io", "foo.github.io", "foo"),
        ("home.cern", "home.cern", "home"),
        ("a.b.example", "b.example", "b"),
    ],
)
def test_domain_is_what_somebody_registered(host: str, domain: str, label: str) -> None:
    assert domain_parts(pa.array([host])).to_pylist() == [{"domain": domain, "label": label}]


@pytest.mark.parametrize("host", [None, "com", "co.uk", "github.io"])
def test_public_suffix_is_nobodys_domain(host: str | None) -> None:
    assert domain_parts(pa.array([host], pa.string())).to_pylist() == [None]


def test_two_sites_on_one_host_are_two_domains() -> None:
    one, other = domain_parts(pa.array(["acme.blogspot.com", "zenith.blogspot.com"])).to_pylist()
    assert one != other


def test_generic_domains_are_registrable_domains() -> None:
    listed = [row["domain"] for row in rows("generic_domains")]
    parts = domain_parts(pa.array(listed)).to_pylist()
    unreachable = [
        domain for domain, part in zip(listed, parts, strict=True) if part is not None and part["domain"] != domain
    ]
    assert unreachable == [], "such a row never meets a record"


def test_aliases_lead_to_one_canonical_domain() -> None:
    aliases = {row["domain"]: row["canonical_domain"] for row in rows("domain_aliases")}
    assert not set(aliases) & set(aliases.values()), "an alias of an alias is never followed"
    assert not set(aliases) & {row["domain"] for row in rows("generic_domains")}


@pytest.mark.parametrize(
    ("scheme", "number", "expected"),
    [
        ("lei", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R12"),
        ("lei", "5493001KJTIIGC8Y1R13", None),
        ("vat", "DE 136 695 976", "DE136695976"),
        ("vat", "DE136695977", None),
        ("vat", "136695976", None),
        ("siret", "732 829 320 00074", "73282932000074"),
        ("siret", "73282932000075", None),
        ("duns", "15-048-3782", "150483782"),
        ("duns", "000000000", None),
        ("duns", "12", None),
        ("cik", "320193", "0000320193"),
        ("cik", "CIK 0000320193", "0000320193"),
        ("cik", "n/a", None),
        ("lei", None, None),
        ("passport", "123456789", None),
    ],
)
def test_number_counts_only_when_it_is_valid(scheme: str, number: str | None, expected: str | None) -> None:
    assert valid_registration_number(pa.array([number], pa.string()), pa.array([scheme])).to_pylist() == [expected]
