"""What the documents must name: every command, setting, seed and published mart, and nothing that is not there.

Belongs here: whether it is named, and whether links lead somewhere. Does not belong here: whether what is said is true.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import HOME

PAGES = [HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))]
DECISIONS = sorted((HOME / "docs" / "decisions").glob("*.md"))
README_LINES = 150


def text_of(pages: list[Path]) -> str:
    """The words of some pages."""
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def targets() -> set[str]:
    """The targets that make shows."""
    return set(re.findall(r"^([a-z-]+):.*##", (HOME / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_the_readme_is_short() -> None:
    assert len((HOME / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_every_command_is_named_and_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(PAGES), flags=re.MULTILINE))
    assert named == targets() - {"help", "clean"}


def test_every_setting_is_named() -> None:
    known = {
        f"ACCOUNT_MAPPING_{name}"
        for file in (HOME / "orchestration").rglob("*.py")
        for name in re.findall(
            r"(?:environment|environ)(?:\.get\(|\[)f?\"ACCOUNT_MAPPING_([A-Z_]+)\"", file.read_text(encoding="utf-8")
        )
    }
    assert {"ACCOUNT_MAPPING_KEPT_MONTHS", "ACCOUNT_MAPPING_FIRST_MONTH"} <= known
    words = text_of(PAGES)
    assert [name for name in sorted(known) if name not in words] == []


def test_every_seed_has_its_line_under_where_do_i_put() -> None:
    words = (HOME / "README.md").read_text(encoding="utf-8").partition("## Where do I put")[2]
    seeds = {seed.name for folder in ("company", "reference") for seed in (HOME / "seeds" / folder).glob("*.csv")}
    named = set(re.findall(r"(\w+\.csv)`", words))
    assert named == seeds


@pytest.mark.usefixtures("dbt")
def test_every_published_mart_is_named_beside_a_question(manifest: dict[str, Any]) -> None:
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "marts" in node["fqn"]
    }
    named = set(
        re.findall(r"`((?:mart|dim|fct|bridge)_\w+)`", (HOME / "docs" / "marts.md").read_text(encoding="utf-8"))
    )
    assert named >= marts
    assert named <= marts


def test_every_decision_has_its_own_number_and_day_and_stands_in_the_index() -> None:
    index = (HOME / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    numbers = []
    for page in sorted((HOME / "docs" / "decisions").glob("*.md")):
        if page.name == "README.md":
            continue
        assert f"]({page.name})" in index
        for decision in re.split(r"\n(?=\d+\. )", page.read_text(encoding="utf-8"))[1:]:
            (number,) = re.findall(r"^(\d+)\. \*\*", decision)
            assert re.search(r"\*\(20\d\d-\d\d-\d\d\)\*\s*$", decision), f"{page.name}, {number} has no day"
            numbers.append(number)
    assert len(numbers) == len(set(numbers))
    assert sorted(numbers, key=int) == sorted(re.findall(r"^- (\d+)\. ", index, flags=re.MULTILINE), key=int)


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS, HOME / "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
