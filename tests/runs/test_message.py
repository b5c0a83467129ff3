"""The message about a run: off until asked for, in our own words, and never a word about where it goes.

Belongs here: real servers on this machine, a web hook and a mailbox. Does not belong here: what is said
(test_run_page.py).
"""

import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from orchestration.runs.message import VARIABLE, message_of, send
from orchestration.runs.results import RunResults, ToDo
from orchestration.settings import HOME

SECRET = "s3cr3t" * 4
RESULTS = RunResults(
    month="2026-10",
    run_id="0f3a",
    headline="2026-10 was published.",
    is_success=True,
    figures={"files taken": 13, "files refused": 1, "rows refused": 4, "pairs waiting for a person": 16},
    to_do=[ToDo("Correct the refused files (1), then run the month again", ["acme/2026-10/Secret Customer.csv: …"])],
    tables=[],
    page=Path("/var/runs/2026-10-0f3a.html"),
)


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted to it; a path with `refuse` is refused."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, body))  # type: ignore[attr-defined]
        self.send_response(500 if "refuse" in self.path else 200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_request(self, code: object = None, size: object = None) -> None:
        """Say nothing on the tests' terminal."""


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    """A web hook on this machine."""
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.received = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def received(hook: HTTPServer) -> list[tuple[str, dict[str, Any]]]:
    posted: list[tuple[str, dict[str, Any]]] = hook.received  # type: ignore[attr-defined]
    return posted


def test_nothing_is_sent_or_loaded_unless_somebody_says_where_to() -> None:
    asked = f"""
import sys
from pathlib import PosixPath
from orchestration.runs.message import send
from orchestration.runs.results import RunResults, ToDo
results = {RESULTS!r}
assert send(results, {{}}) == send(results, {{{VARIABLE!r}: ' '}}) == []
print('apprise' in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=HOME,
        env={"PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_a_web_hook_gets_the_month_the_outcome_what_to_do_first_and_the_page(hook: HTTPServer) -> None:
    assert send(RESULTS, {VARIABLE: f"json://127.0.0.1:{hook.server_port}/{SECRET}"}) == []
    ((path, posted),) = received(hook)
    assert path == f"/{SECRET}"
    assert posted["title"] == "account-mapping: 2026-10 was published."
    assert posted["message"].splitlines() == [
        "files taken: 13, files refused: 1, rows refused: 4, pairs waiting for a person: 16",
        "To do first: Correct the refused files (1), then run the month again",
        "Page: /var/runs/2026-10-0f3a.html",
    ]


def test_a_hook_that_speaks_as_slack_does_gets_its_text(hook: HTTPServer) -> None:
    assert send(RESULTS, {VARIABLE: f"mmost://127.0.0.1:{hook.server_port}/{SECRET}"}) == []
    ((path, posted),) = received(hook)
    assert path == f"/hooks/{SECRET}"
    assert "2026-10 was published" in posted["text"]
    assert "To do first" in posted["text"]
    assert "http" not in json.dumps(posted), "nothing that a chat would load from outside"


def test_no_word_of_a_file_leaves_the_house() -> None:
    assert "Secret Customer" not in "".join(message_of(RESULTS))


def mailbox(server: socket.socket, mails: list[str]) -> None:
    """Speak as much SMTP as a mail needs."""
    connection, _ = server.accept()
    with connection, connection.makefile("rw", newline="\r\n", encoding="utf-8") as stream:

        def answer(line: str) -> None:
            stream.write(f"{line}\n")
            stream.flush()

        answer("220 here")
        while line := stream.readline():
            command = line[:4].upper()
            if command == "DATA":
                answer("354 go on")
                mail = []
                while (part := stream.readline().rstrip("\r\n")) != ".":
                    mail.append(part)
                mails.append("\n".join(mail))
                answer("250 kept")
            elif command == "QUIT":
                answer("221 bye")
                return
            else:
                answer("250 ok")


def test_a_mailbox_gets_the_mail() -> None:
    mails: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        thread = threading.Thread(target=mailbox, args=(server, mails), daemon=True)
        thread.start()
        address = f"mailto://127.0.0.1:{port}?from=pipeline@example.com&to=team@example.com&mode=insecure"
        assert send(RESULTS, {VARIABLE: address}) == []
        thread.join(timeout=10)
    assert len(mails) == 1
    assert "To: team@example.com" in mails[0]
    assert "2026-10 was published" in mails[0]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (f"json://127.0.0.1:1/{SECRET}", "it did not answer, or refused"),
        (f"slack://{SECRET}", "it is no address that Apprise knows"),
        (f"nonsense://{SECRET}@[", "it is no address that Apprise knows"),
    ],
)
def test_what_cannot_be_sent_is_reported_by_number_and_the_address_stays_secret(
    hook: HTTPServer, address: str, why: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    good = f"json://127.0.0.1:{hook.server_port}/{SECRET}"
    assert send(RESULTS, {VARIABLE: f"{good} {address}"}) == [
        f"The message about the run was not sent to address 2 of {VARIABLE}: {why}."
    ]
    assert len(received(hook)) == 1, "one that fails keeps no other from its message"
    output = capfd.readouterr()
    for written in (caplog.text, output.out, output.err):
        assert SECRET not in written


def test_a_hook_that_refuses_and_one_that_breaks_fail_nothing(
    hook: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = send(RESULTS, {VARIABLE: f"json://127.0.0.1:{hook.server_port}/refuse/{SECRET}"})
    assert refused == [
        f"The message about the run was not sent to address 1 of {VARIABLE}: it did not answer, or refused."
    ]

    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("orchestration.runs.message._deliver", broken)
    (warning,) = send(RESULTS, {VARIABLE: f"json://{SECRET}"})
    assert "RuntimeError" in warning
    assert SECRET not in warning
