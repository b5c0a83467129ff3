"""The words that people read: the field's own, and never those that we once had of our own.

Belongs here: words in messages, descriptions and documents. Does not belong here: names in code.
"""

import re

import pytest

from orchestration.settings import HOME

# What to say instead stands beside it.
NOT_OURS = {
    r"\bhis\b": "its or their",
    r"\bslips? of the pen\b": "typo",
    r"\bat a glance\b": "pre-filter",
}
READ = (
    "*.md",
    "docs/**/*.md",
    "orchestration/**/*.py",
    "udfs/**/*.py",
    "bi/**/*.py",
    "dbt_project/models/**/*.*",
    "dbt_project/*.yml",
    "seeds/**/*.*",
)


@pytest.mark.parametrize("word", NOT_OURS)
def test_a_word_of_our_own_stands_nowhere(word: str) -> None:
    found = [
        f"{file.relative_to(HOME)}:{number}"
        for pattern in READ
        for file in HOME.glob(pattern)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(word, line, flags=re.IGNORECASE)
    ]
    assert found == [], f"say {NOT_OURS[word]}"
