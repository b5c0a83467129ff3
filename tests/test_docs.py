"""What documents must name: every command, setting, seed, published mart and comparison, and nothing that is not there.

Belongs here: whether it is named, whether links and paths lead somewhere, and figures that a seed has too. Does not
belong here: whether what else is said is true.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.weights import WEIGHTS_FILE
from benchmarks.weights_page import PAGE, written
from orchestration.settings import HOME
from orchestration.warehouse.company_settings import COMPANY_SETTINGS

PAGES = [HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))]
DECISIONS = sorted((HOME / "docs" / "decisions").glob("*.md"))
README_LINES = 150
# What a newcomer wants to add.
RECIPES = {
    "A header of a known field",
    "A CRM",
    "A KPI",
    "An attribute of partners",
    "A blocking rule",
    "A comparison",
    "A field of an object",
    "An output",
    "A mart",
}
FILES = re.compile(r"[\w.<>{},-]+(?:/[\w.<>{},-]+)*\.(?:csv|lock|md|py|sql|toml|yaml|yml)\b")
FOLDERS = re.compile(r"`([\w-]+(?:/[\w{},-]+)+)/?`")
FEWEST_TERMS = 20


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


def test_every_setting_of_the_company_is_named_where_it_is_explained() -> None:
    rows = cells_of(section("operating.md", "Settings of the company"))
    named = {name for _, names in rows for name in re.findall(r"`(\w+_\w+)`", names)}
    assert named == set(COMPANY_SETTINGS)


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


def section(page: str, title: str) -> str:
    """What stands under a heading of a page of docs, up to the next of its rank."""
    text = (HOME / "docs" / page).read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def cells_of(text: str) -> list[list[str]]:
    """The rows of a table, below its header."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_recipe_says_the_places_and_what_proves_it() -> None:
    recipes = re.findall(r"^### (.*)\n((?:(?!### ).*\n?)*)", section("contributing.md", "Recipes"), flags=re.MULTILINE)
    assert {title for title, _ in recipes} == RECIPES
    for title, text in recipes:
        assert re.search(r"^1\. .*`", text, flags=re.MULTILINE), f"{title}: no place"
        assert re.search(r"^Proof: .*`", text, flags=re.MULTILINE), f"{title}: nothing proves it"


def places(name: str) -> list[str]:
    """What a name in a document stands for: `{a,b}` is two of them, `<name>` is any."""
    choices = re.search(r"\{(.*?)\}", name)
    names = [name.replace(choices[0], choice) for choice in choices[1].split(",")] if choices else [name]
    return [re.sub(r"<.*?>", "*", each) for each in names]


def is_there(place: str) -> bool:
    """Whether a path leads somewhere; a name without a folder may stand in any."""
    return any(HOME.glob(place)) or ("/" not in place and any((HOME / "orchestration").rglob(place)))


def test_every_path_that_contributing_names_is_there() -> None:
    page = HOME / "docs" / "contributing.md"
    text = re.sub(r"\]\([^)]*\)", "]", page.read_text(encoding="utf-8"))  # links are looked at below
    named = {*FILES.findall(text), *FOLDERS.findall(text)}
    assert {"orchestration/objects.py", "orchestration/publishing/published.py", "orchestration/defs"} <= named
    assert [name for name in sorted(named) for place in places(name) if not is_there(place)] == []


def test_the_comparisons_are_worth_what_the_seed_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert written(text, WEIGHTS_FILE) == text


def test_every_step_of_a_pair_names_models_that_are_there() -> None:
    steps = cells_of(section("matching.md", "The way of a pair"))
    named = {name for row in steps for name in re.findall(r"`(res_\w+)`", row[2])}
    there = {model.stem for model in (HOME / "dbt_project" / "models" / "resolution").rglob("*.sql")}
    of_pairs = {model.stem for model in (HOME / "dbt_project" / "models" / "resolution" / "pairs").glob("*.sql")}
    assert of_pairs <= named <= there


def test_the_terms_are_in_order_and_a_sentence_each() -> None:
    terms = cells_of(section("matching.md", "Terms"))
    assert len(terms) >= FEWEST_TERMS
    assert [term for term, _ in terms] == sorted({term for term, _ in terms})
    assert [term for term, meaning in terms if not re.fullmatch(r"[A-Z].*[^.]\.", meaning) or ". " in meaning] == []
