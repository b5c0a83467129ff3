"""What an object is stands in objects.py; what dbt's models list by name must be the same.

Belongs here: lists of fields in SQL. Does not belong here: what the models do with them.
"""

import ast
import re

import pytest

from orchestration.objects import OBJECTS
from orchestration.settings import DBT_PROJECT_DIR

# A row that is marked as deleted is refused as a whole; a currency is read by the value mappings too.
NOT_REFUSED_ALONE = {"is_deleted", "currency"}


@pytest.mark.parametrize("name", ["accounts", "opportunities"])
def test_every_value_that_can_be_refused_is_left_out_by_staging(name: str) -> None:
    model = (DBT_PROJECT_DIR / "models" / "staging" / f"stg_{name}.sql").read_text(encoding="utf-8")
    (listed,) = re.findall(rf"refused_columns\('{name}', \[(.*?)\]", model, flags=re.DOTALL)
    assert set(re.findall(r"'(\w+)'", listed)) == set(OBJECTS[name].kinds) - NOT_REFUSED_ALONE


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_what_staging_maps_is_a_field_of_the_object(name: str) -> None:
    models = (DBT_PROJECT_DIR / "models" / "staging").glob("*.sql")
    text = "\n".join(model.read_text(encoding="utf-8") for model in models)
    for listed in re.findall(rf"join_mapped_values\('\w+', '{name}', \[(.*?)\]", text, flags=re.DOTALL):
        assert set(re.findall(r"'(\w+)'", listed)) <= set(OBJECTS[name].field_names)


@pytest.mark.parametrize("name", [name for name, described in OBJECTS.items() if described.vocabularies])
def test_what_staging_maps_by_a_vocabulary_is_said_of_the_field(name: str) -> None:
    model = (DBT_PROJECT_DIR / "models" / "staging" / "stg_mapped_values.sql").read_text(encoding="utf-8")
    (listed,) = re.findall(r"mapped_columns = (\{.*?\}) -?%\}", model, flags=re.DOTALL)
    assert OBJECTS[name].vocabularies == ast.literal_eval(listed)[name]
