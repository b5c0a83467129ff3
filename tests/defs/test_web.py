"""Who Dagster's page answers: its own pages and a person's own tools, not what another page has a browser send.

Belongs here: the refusals. Does not belong here: that the page works (test_habits.py).
"""

import asyncio
from typing import Any

import pytest

from orchestration.defs.web import guarded, why_refused

HERE = {"host": "localhost:3000"}
JSON = {"content-type": "application/json"}


def request(
    method: str = "GET", path: str = "/", query: str = "", kind: str = "http", **headers: str
) -> dict[str, Any]:
    """A request as ASGI describes it; underscores in the names of headers stand for hyphens."""
    return {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }


@pytest.mark.parametrize(
    "asked",
    [
        request(host="localhost:3000"),
        request(host="127.0.0.1:3000", path="/assets"),
        request(host="[::1]:3000"),
        request("POST", "/graphql", host="localhost:3000", content_type="application/json"),  # curl and the like
        request(
            "POST",
            "/graphql",
            host="localhost:3000",
            content_type="application/json; charset=utf-8",
            origin="http://localhost:3000",
            sec_fetch_site="same-origin",
        ),
        request(kind="websocket", path="/graphql", host="localhost:3000", origin="http://localhost:3000"),
        request(host="localhost:3000", sec_fetch_site="none"),  # typed into the address bar
        request(path="/graphql", host="localhost:3000"),  # the playground
    ],
)
def test_the_page_itself_and_a_persons_own_tools_are_answered(asked: dict[str, Any]) -> None:
    assert why_refused(asked, 3000) is None


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request(), "localhost only"),
        (request(host="evil.example:3000"), "localhost only"),  # a foreign name that leads here by DNS
        (request(host="localhost:3001"), "localhost only"),
        (request(kind="websocket", path="/graphql", host="evil.example"), "localhost only"),
        (request("POST", "/graphql", host="localhost:3000", origin="https://evil.example"), "another page"),
        (request("POST", "/graphql", host="localhost:3000", origin="null"), "another page"),
        (request("POST", "/graphql", host="localhost:3000", origin="http://localhost:8088"), "another page"),
        (request(kind="websocket", path="/graphql", host="localhost:3000", origin="https://evil.example"), "another"),
        (request(path="/assets", host="localhost:3000", sec_fetch_site="cross-site"), "another page"),
        (request(path="/graphql", query="query=mutation{freeConcurrencySlots}", host="localhost:3000"), "by POST"),
        (request("HEAD", "/graphql/", "query={version}", host="localhost:3000"), "by POST"),
        (request("POST", "/graphql", host="localhost:3000"), "application/json"),
        (request("POST", "/graphql", host="localhost:3000", content_type="text/plain"), "application/json"),
        (request("POST", "/graphql", host="localhost:3000", content_type="multipart/form-data"), "application/json"),
    ],
)
def test_what_another_page_can_have_a_browser_send_is_refused(asked: dict[str, Any], reason: str) -> None:
    refusal = why_refused(asked, 3000)
    assert refusal is not None
    assert reason in refusal


def test_what_is_refused_never_reaches_the_page() -> None:
    reached: list[str] = []
    sent: list[dict[str, Any]] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        reached.append(scope["path"])

    async def receive() -> None:
        """Nothing is read of what is refused."""

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def ask() -> None:
        app = guarded(page, 3000)
        await app(request(host="evil.example", path="/graphql"), receive, send)
        await app(request(kind="websocket", host="evil.example", path="/graphql"), receive, send)
        await app({"type": "lifespan", "path": "lifespan"}, receive, send)
        await app(request(host="localhost:3000", path="/assets"), receive, send)

    asyncio.run(ask())
    assert reached == ["lifespan", "/assets"]
    assert [message.get("status") or message.get("code") for message in sent] == [403, None, 1008]
