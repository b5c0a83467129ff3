"""The words that people read: the field's own, and never those that we once had of our own.

Belongs here: words in messages, descriptions and documents. Does not belong here: names in code.
"""

import re
from pathlib import Path

import pytest

from orchestration.settings import HOME

# What to say instead stands beside it.
NOT_OURS = {
    r"\bhis\b": "its or their",
    r"\bslips? of the pen\b": "typo",
    r"\bat a glance\b": "pre-filter",
}
# What was decided and released before keeps the words that it was written in.
NOT_OURS_ANY_MORE = {
    r"\btold\b": "reported, recorded, or kept apart",
    r"\btelling\b": "distinctive, or distinguishing",
    r"\bthe door\b": "on landing",
}
READ = (
    "*.md",
    "Makefile",
    "docs/**/*.md",
    "docs/*.svg",
    "orchestration/**/*.py",
    "udfs/**/*.py",
    "bi/**/*.py",
    "bi/**/*.toml",
    "benchmarks/*.*",
    "demo/*.*",
    "tests/**/*.py",
    "dbt_project/*.yml",
    "dbt_project/macros/**/*.*",
    "dbt_project/models/**/*.*",
    "dbt_project/tests/**/*.*",
    "seeds/**/*.*",
)
HISTORY = ("CHANGELOG.md", "docs/decisions")


@pytest.mark.parametrize("word", [*NOT_OURS, *NOT_OURS_ANY_MORE])
def test_a_word_of_our_own_stands_nowhere(word: str) -> None:
    found = [
        f"{file.relative_to(HOME)}:{number}"
        for pattern in READ
        for file in HOME.glob(pattern)
        if file.is_file() and "__pycache__" not in file.parts and file != Path(__file__)  # which names them
        if word in NOT_OURS or not str(file.relative_to(HOME)).startswith(HISTORY)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(word, line, flags=re.IGNORECASE)
    ]
    assert found == [], f"say {(NOT_OURS | NOT_OURS_ANY_MORE)[word]}"
