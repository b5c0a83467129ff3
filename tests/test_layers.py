"""The layers point one way: those of the dbt project, read from dbt's own manifest, and those of the Python code.

Belongs here: what may read or import what, that everything says where it belongs by its folder, and how large a file
may become. Does not belong here: what a model or a function computes.
"""

import ast
import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import HOME

MAY_READ = {
    "staging": {"source", "seed", "staging"},
    "resolution": {"seed", "staging", "resolution"},
    "marts": {"seed", "staging", "resolution", "marts"},
    "outbound": {"marts"},  # the sharing policy is a mart too
}
PREFIXES = {
    "staging": ("stg_",),
    "resolution": ("res_",),
    "marts": ("dim_", "fct_", "bridge_", "mart_"),
    "outbound": ("out_",),
}


def layer(node: dict[str, Any]) -> str:
    if node["resource_type"] == "model":
        return Path(node["original_file_path"]).parts[1]
    return str(node["resource_type"])


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_no_layer_reads_back(manifest: dict[str, Any]) -> None:
    nodes = manifest["nodes"] | manifest["sources"]
    wrong = [
        f"{node['name']} reads {nodes[parent]['name']}"
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
        if layer(nodes[parent]) not in MAY_READ[layer(node)]
    ]
    assert wrong == []


def test_every_model_stands_in_the_schema_and_has_the_prefix_of_its_layer(manifest: dict[str, Any]) -> None:
    wrong = [
        node["name"]
        for node in models(manifest)
        if node["schema"] != layer(node) or not node["name"].startswith(PREFIXES[layer(node)])
    ]
    assert wrong == []


def test_every_model_and_seed_is_described_from_its_grain(manifest: dict[str, Any]) -> None:
    wrong = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed"} and not node["description"].startswith("One row per")
    ]
    assert wrong == []


def test_every_mart_has_a_contract_and_describes_every_column(manifest: dict[str, Any]) -> None:
    marts = [node for node in models(manifest) if layer(node) in {"marts", "outbound"}]
    assert marts
    assert [node["name"] for node in marts if not node["config"]["contract"]["enforced"]] == []
    undescribed = [
        f"{node['name']}.{column['name']}"
        for node in marts
        for column in node["columns"].values()
        if not column["description"].strip()
    ]
    assert undescribed == []


# Columns that hold a person whom a list of contacts names; owners and deciders are our own colleagues.
OF_PERSONS = (
    "email",
    "person_name",
    "first_name",
    "last_name",
    "full_name",
    "contact_name",
    "contact_key",
    "person_key",
)


def test_a_mart_that_reads_persons_says_so_or_names_none(manifest: dict[str, Any]) -> None:
    marts = {node["name"]: node for node in models(manifest) if layer(node) == "marts"}
    persons = {name for name, node in marts.items() if node["config"]["meta"].get("contains_persons")}
    assert persons == {"bridge_person_contacts", "dim_persons", "mart_engagement_log", "mart_who_knows_whom"}
    unsaid = [
        f"{name}.{column}"
        for name, node in marts.items()
        if name not in persons
        for column in node["columns"]
        if column in OF_PERSONS
    ]
    assert unsaid == []


def test_what_is_published_is_public_and_nothing_else(manifest: dict[str, Any]) -> None:
    public = {node["name"] for node in models(manifest) if node["access"] == "public"}
    assert public == {node["name"] for node in models(manifest) if layer(node) == "marts"}
    assert all(node["config"]["group"] == layer(node) for node in models(manifest))


# --- the rhythm of SQL ------------------------------------------------------------------------------------------------

CTE = re.compile(r"^(?:with )?(?:recursive )?([a-z_]+) as \(\n(.*?)^\)(,?)$", flags=re.MULTILINE | re.DOTALL)
READS = re.compile(r"\b(?:ref|source)\(")


def out_of_rhythm(sql: str) -> list[str]:
    """Say where a model leaves the rhythm: import CTEs, one idea per CTE, `final`; blank lines inside every CTE."""
    ctes = [(name, body) for name, body, _ in CTE.findall(sql)]
    wrong = [f"{name}: no blank lines" for name, body in ctes if not (body.startswith("\n") and body.endswith("\n\n"))]
    reading = [bool(READS.search(body)) for _, body in ctes]
    wrong += [
        f"{name}: an import below others" for (name, _), late in zip(ctes, late_imports(reading), strict=True) if late
    ]
    if len(READS.findall(sql)) != sum(len(READS.findall(body)) for _, body in ctes):
        wrong.append("a ref outside of a CTE")
    if [name for name, _ in ctes][-1:] != ["final"] or not re.search(
        r"\n\)\n\n(--.*\n)?select \* from final( --.*)?\n$", sql
    ):
        wrong.append("the last CTE is not final, or more is done below it")
    return wrong


def late_imports(reading: list[bool]) -> list[bool]:
    return [reads and not all(reading[:place]) for place, reads in enumerate(reading)]


def test_every_model_keeps_the_rhythm() -> None:
    files = [file for file in files_in_git(".sql") if file.is_relative_to(HOME / "dbt_project" / "models")]
    wrong = {file.name: found for file in files if (found := out_of_rhythm(file.read_text(encoding="utf-8")))}
    assert len(files) > 100
    assert wrong == {}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "with a as (\n\n    from {{ ref('a') }}\n\n),\n\nfinal as (\n\n    from a\n\n)\n\nselect * from final\n",
            [],
        ),
        ("with final as (\n    select 1\n)\n\nselect * from final\n", ["final: no blank lines"]),
        (
            "with a as (\n\n    select 1\n\n)\n\nselect * from a\n",
            ["the last CTE is not final, or more is done below it"],
        ),
        (
            "with final as (\n\n    select 1\n\n)\n\nselect * from final where true\n",
            ["the last CTE is not final, or more is done below it"],
        ),
        (
            "with a as (\n\n    select 1\n\n),\n\nfinal as (\n\n    from {{ ref('b') }}\n\n)\n\nselect * from final\n",
            ["final: an import below others"],
        ),
    ],
)
def test_what_leaves_the_rhythm_is_found(sql: str, found: list[str]) -> None:
    assert out_of_rhythm(sql) == found


# --- Python -----------------------------------------------------------------------------------------------------------

# Rooms of the code, the lowest first. A room imports from those below it and from itself, and from no other.
ROOMS = (
    {"udfs"},
    {"orchestration.settings", "orchestration.objects"},
    {"orchestration.runs", "orchestration.warehouse"},
    {"orchestration.validation", "orchestration.publishing", "orchestration.sharing"},
    {"orchestration.ingestion"},
    {"orchestration.reports", "orchestration.forgetting", "orchestration.sources"},
    {"orchestration.defs"},
    {"orchestration.definitions"},
    {"orchestration.monthly"},
    {"orchestration.__main__"},
    {"demo", "bi", "pages"},
    {"benchmarks"},
    {"tests"},
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
# Below defs nothing knows Dagster, but for what reads the record of a run that Dagster keeps.
KNOW_DAGSTER = {
    "orchestration.runs.lock",  # frees what a killed run holds there
    "orchestration.runs.page",  # adds the page's address to the log of the run
    "orchestration.runs.results",  # reads what came of the run
    "orchestration.runs.summary",  # the same, for the terminal
    "orchestration.forgetting.retention",  # deletes old runs
}
MOST_LINES = {".py": 450, ".yml": 500}


def files_in_git(suffix: str) -> list[Path]:
    """Everything under version control, or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"*{suffix}"],  # noqa: S607 (whichever git there is)
        cwd=HOME, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [HOME / file for file in listed.splitlines() if (HOME / file).is_file()]


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(file): file for file in files_in_git(".py")}


def imports_of(module: str) -> set[str]:
    """Modules of ours that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return next((room for room in (".".join(parts[:2]), parts[0]) if room in LEVEL), None)


def test_imports_point_one_way() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module in MODULES
        for imported in imports_of(module)
        if (here := room_of(module)) and (there := room_of(imported))
        if here != there and LEVEL[there] >= LEVEL[here]
    ]
    assert wrong == []


def test_every_module_has_a_room() -> None:
    assert [module for module in MODULES if room_of(module) is None and module != "orchestration"] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: imports_of(module) & MODULES.keys() - {module} for module in MODULES}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_nothing_below_defs_knows_dagster() -> None:
    below = LEVEL["orchestration.defs"]
    knowing = {
        module
        for module in MODULES
        if LEVEL[room_of(module) or "tests"] < below
        if any(imported.split(".")[0] in {"dagster", "dagster_dbt"} for imported in imports_of(module))
    }
    assert knowing == KNOW_DAGSTER


@pytest.mark.parametrize("suffix", MOST_LINES)
def test_no_file_is_a_heap(suffix: str) -> None:
    lines = {file: file.read_text(encoding="utf-8").count("\n") for file in files_in_git(suffix)}
    assert {str(file): count for file, count in lines.items() if count > MOST_LINES[suffix]} == {}
