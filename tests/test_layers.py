"""The layers of the dbt project point one way, read from dbt's own manifest.

Belongs here: which folder's models may read which, and that they say so by being in the folder. Does not belong here:
what a model computes.
"""

from pathlib import Path
from typing import Any

MAY_READ = {
    "staging": {"source", "seed", "staging"},
    "resolution": {"seed", "staging", "resolution"},
    "marts": {"seed", "staging", "resolution", "marts"},
}
PREFIXES = {
    "staging": ("stg_",),
    "resolution": ("res_",),
    "marts": ("dim_", "fct_", "bridge_", "mart_"),
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
    marts = [node for node in models(manifest) if layer(node) == "marts"]
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
    assert persons == {"bridge_person_contacts", "dim_persons", "mart_who_knows_whom"}
    untold = [
        f"{name}.{column}"
        for name, node in marts.items()
        if name not in persons
        for column in node["columns"]
        if column in OF_PERSONS
    ]
    assert untold == []
