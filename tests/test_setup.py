"""What a stranger's clone relies on before the first line of ours runs: the lock and the commands the README names."""

import re
import subprocess
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOME = Path(__file__).resolve().parent.parent


def locked() -> dict[str, list[tuple[str, str]]]:
    """Read the lock: package → its (version, annotation) entries; a package may have one per Python version."""
    entries: dict[str, list[tuple[str, str]]] = {}
    blocks = re.split(r"\n(?=\S)", (HOME / "requirements.lock").read_text(encoding="utf-8"))
    for block in blocks:
        name, version = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^ ;\\]+)", block).groups()  # type: ignore[union-attr]  # a block without a match is an error of the lock
        entries.setdefault(canonicalize_name(name), []).append((version, block.partition("# via")[2]))
    return entries


def wanted() -> dict[str, Requirement]:
    """Read what pyproject.toml asks for: package → requirement."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def test_lock_holds_what_pyproject_asks_for() -> None:
    lock = locked()
    wrong = [
        str(requirement)
        for name, requirement in wanted().items()
        if name not in lock or not all(requirement.specifier.contains(version) for version, _ in lock[name])
    ]
    assert not wrong, f"`make lock` has not been run since pyproject.toml changed: {wrong}"


def test_lock_holds_nothing_that_pyproject_has_dropped() -> None:
    direct = {
        name for name, entries in locked().items() if any("account-mapping (pyproject" in via for _, via in entries)
    }
    assert direct == set(wanted())


def test_every_locked_package_has_a_hash_and_no_address() -> None:
    text = (HOME / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_every_command_of_the_readme_is_a_make_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(
        re.findall(r"(?:^|`)make ([a-z-]+)", (HOME / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert {"demo", "test", "init", "run", "dev", "docs", "bench"} <= named <= targets


def test_nothing_built_is_under_version_control() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 (the git on PATH)
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert not [file for file in listed if re.search(r"\.(duckdb|wal|log|pyc)$|(^|/)(target|var|__pycache__)/", file)]
