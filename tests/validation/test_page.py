"""The page of results: what failed comes first, and hostile names stay text.

Belongs here: the kept results and their page. Does not belong here: which expectations there are.
"""

import json
import re

from orchestration.validation.page import render_page
from tests.deliveries import LandingFolder


def test_results_are_kept_per_run_and_the_page_escapes_hostile_names(workspace: LandingFolder) -> None:
    workspace.put("accounts_<img src=x onerror=alert(1)>.csv", "Name,Employees\nPumps,<script>alert(1)</script>\n")
    page = workspace.land().page
    assert page is not None
    text = page.read_text(encoding="utf-8")
    assert "&lt;img src=x" in text
    assert "<script" not in text
    assert "<img" not in text
    assert "http://" not in text
    kept = [json.loads(file.read_text(encoding="utf-8")) for file in page.parent.glob("*.json")]
    assert {result["suite"] for result in kept} == {"accounts_as_a_file", "accounts_as_delivered"}
    hostile = {"suite": "<b>", "subject": "<b>", "success": False, "outcomes": []}
    assert "<b>" not in render_page("<b>", [hostile])


def test_the_page_of_results_begins_with_a_count_and_with_what_failed(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name,Website,Employees\nPumps,pumps.com,12\n", party="us")
    workspace.put("contacts.csv", "Account Name,Full Name,Email\nPumps,Ann,ann@pumps\n")
    workspace.put("accounts.csv", "Name,Website,Employees\nPumps,pumps.com,many\n")
    page = workspace.land().page
    assert page is not None
    text = page.read_text(encoding="utf-8")
    expectations = sum(len(json.loads(file.read_text())["outcomes"]) for file in page.parent.glob("*.json"))
    assert f"2 of 6 suites failed: 2 of {expectations} expectations are not met." in text
    assert text.index("suites failed") < text.index("<h2>")
    suites = re.findall(r"<h2>(.*?) <small>\((.*?)\)", text)
    assert set(suites[:2]) == {
        ("acme/2026-10/accounts.csv", "accounts_as_delivered"),
        ("acme/2026-10/contacts.csv", "contacts_as_delivered"),
    }
    for table in text.split("<h2>")[1:]:
        marks = re.findall(r'<td class="(met|unmet)">', table)
        assert marks == sorted(marks, reverse=True)
    all_met = {"suite": "s", "subject": "t", "success": True, "outcomes": []}
    assert "All 1 suites passed, with 0 expectations." in render_page("run", [all_met])
