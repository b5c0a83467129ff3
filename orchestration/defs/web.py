"""Dagster's page, served to this machine alone.

Belongs here: starting its parts, and refusing requests that another web page has a browser send. Does not belong here:
the page itself.

The page has no login, and whoever can ask it can start runs, free pools and wipe records. So it listens on the loopback
address, answers to its own name only (a foreign name may lead here by DNS), takes nothing that a page of another origin
sends, and changes nothing on GET, which an `<img>` can do.
"""

import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import dagster as dg
import uvicorn
from dagster._cli.proxy_server_manager import ProxyServerManager  # this and the next: what dagster dev is made of
from dagster._core.errors import DagsterUserCodeProcessError
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget, ModuleTarget
from dagster._daemon.controller import daemon_controller_from_instance
from dagster_webserver.app import create_app_from_workspace_process_context

from orchestration.settings import HOME, RefusedError

LOOPBACK = "127.0.0.1"
MODULE = "orchestration.definitions"

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def why_refused(scope: Scope, port: int) -> str | None:
    """Say why a request is not answered.

    Args:
        scope: of the request, as ASGI describes it.
        port: where the page listens.

    Returns:
        A sentence; None when the request is one that the page itself, or a person's own tool, sends.
    """
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    own = {f"{name}:{port}" for name in ("localhost", LOOPBACK, "[::1]")}
    if headers.get("host") not in own:
        return "This page answers to localhost only."
    origin = headers.get("origin")
    if origin is not None and (urlsplit(origin).scheme != "http" or urlsplit(origin).netloc not in own):
        return "This page takes nothing that another page sends."
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return "This page takes nothing that another page sends."
    if scope["type"] == "http" and scope["path"].rstrip("/").endswith("/graphql"):
        if scope["method"] in ("GET", "HEAD") and parse_qs(scope["query_string"].decode("latin-1")):
            return "Ask by POST: nothing is answered or changed by an address alone."
        if scope["method"] == "POST" and not headers.get("content-type", "").startswith("application/json"):
            return "Ask in application/json."
    return None


def guarded(app: App, port: int) -> App:
    """Put the refusals before an application.

    Args:
        app: the page.
        port: where it listens.

    Returns:
        The application that answers 403 to what is refused, and everything else as before.
    """

    async def guard(
        scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        reason = why_refused(scope, port) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            body = json.dumps({"error": reason}).encode()
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return guard


def serve(port: int) -> None:
    """Serve Dagster's page, with its code server and daemon, until it is interrupted.

    However this process ends, its parts end too. The daemon is a thread of it. The code server hears from it every five
    seconds, and when it has heard nothing for 45 it finishes the runs it has begun, and ends.

    Args:
        port: where to listen.

    Raises:
        RefusedError: the port is taken, or the definitions could not be loaded.
    """
    with closing(socket.socket()) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except OSError as problem:
            raise RefusedError(f"Port {port} cannot be used ({problem}). Name another one: PORT=3001.") from problem
        with (
            dg.DagsterInstance.get() as instance,
            ProxyServerManager(instance, ModuleTarget(MODULE, None, str(HOME), MODULE)) as servers,
        ):
            try:
                (server,) = servers.get_code_server_specs()
            except DagsterUserCodeProcessError as problem:
                raise RefusedError("The definitions could not be loaded; what is written above says why.") from problem
            # A socket of this user alone, for nobody else may write to what we make (settings.py): a port would take
            # orders from every user of the machine.
            target = GrpcServerTarget("localhost", None, server["grpc_server"]["socket"], MODULE)
            with (
                daemon_controller_from_instance(instance, target),
                WorkspaceProcessContext(instance, target) as context,
            ):
                app = create_app_from_workspace_process_context(context)
                page = uvicorn.Server(uvicorn.Config(guarded(app, port), log_level="warning"))
                click.echo(f"Dagster's page: http://localhost:{port} (Ctrl-C ends it)")
                page.run(sockets=[listening])
