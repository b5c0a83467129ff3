"""What a stranger's clone relies on before the first line of ours runs: the lock, and make taking text as text."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
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


def variables_of_make() -> list[str]:
    """Every variable that somebody can hand to make."""
    makefile = (HOME / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (unexported,) = re.findall(r"^unexport (.*)$", makefile, flags=re.MULTILINE)
    return sorted(unexported.split())


def test_every_variable_that_a_target_reads_is_kept_out_of_the_environment() -> None:
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    read = set(re.findall(r"\$\(call (?:text|option,--[a-z-]+),(\w+)\)|\$\(value (\w+)\)", makefile))
    named = {name for pair in read for name in pair if name and not name.isdigit()}
    assert named == set(variables_of_make())


@pytest.mark.parametrize(
    "value",
    [
        "`touch made`",
        "$(touch made)",
        "$(shell touch made)",
        "'; touch made; '",
        '"; touch made; "',
        "a && touch made",
        "a\ntouch made",
        "$$(touch made)",
        "a' `touch made` \"b",
        "| touch made #",
    ],
)
def test_what_is_handed_to_make_is_never_run(value: str, tmp_path: Path) -> None:
    shutil.copyfile(HOME / "Makefile", tmp_path / "Makefile")
    for folder, programs in {
        ".venv": ("python", "ruff", "mypy", "sqlfluff"),
        ".venv-bi": ("python",),
        ".venv-clients": ("python",),
        ".venv-rivals": ("python",),
    }.items():
        (tmp_path / folder / "bin").mkdir(parents=True)
        for program in programs:
            (tmp_path / folder / "bin" / program).write_text("#!/bin/sh\nexit 0\n")
            (tmp_path / folder / "bin" / program).chmod(0o755)
    (tmp_path / "bi").mkdir()
    for source in ("requirements.lock", "bi/requirements.lock", "pyproject.toml"):
        (tmp_path / source).touch()
    for made in (".venv/requirements.lock", ".venv-bi/requirements.lock"):
        (tmp_path / made).touch()
    for made in (".venv-clients/pyvenv.cfg", ".venv-rivals/pyvenv.cfg"):
        (tmp_path / made).touch()
    targets = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    given = [f"{name}={value}" for name in variables_of_make()]
    for target in sorted(targets - {"clean", "lock"}):  # which take nothing, and do what this test must not
        subprocess.run(["make", target, *given], cwd=tmp_path, capture_output=True, check=False)  # noqa: S607
        assert not (tmp_path / "made").exists(), target


def test_nothing_built_is_under_version_control() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 (the git on PATH)
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert not [file for file in listed if re.search(r"\.(duckdb|wal|log|pyc)$|(^|/)(target|var|__pycache__)/", file)]
