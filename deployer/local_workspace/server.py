"""One running server: https for the API and scoring, plain http for the page; bound to loopback."""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import logging
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from deployer.local_workspace.asgi import App, Dispatcher, alive_app
from deployer.local_workspace.blob.addresses import STAGED
from deployer.local_workspace.command_errors import CommandError, os_errors_explained
from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.monitor import autoscaler
from deployer.local_workspace.control.resources import deployments, endpoints
from deployer.local_workspace.control.routes import control_plane
from deployer.local_workspace.control.state.faults import Faults
from deployer.local_workspace.control.state.live_routes import LiveRoutes
from deployer.local_workspace.control.state.request_log import RequestLog
from deployer.local_workspace.control.state.tasks import Tasks
from deployer.local_workspace.control.state.tokens import EndpointTokens
from deployer.local_workspace.files.connection_file import TcpPorts, connection
from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.files.private_files import read_json, secret_in, write_private
from deployer.local_workspace.ports import Meters, Routes, Serving
from deployer.local_workspace.store import Document, Store, workspace_id

_LOG = logging.getLogger("deployer.local_workspace")
_DRAIN_SECONDS = 10
_KEEP_OPERATIONS = 1_000
_CERTIFICATE_DAYS = 800
_RENEWED_AFTER_DAYS = 740


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlane:
    """How to make the parts of the data plane; tests bring their own."""

    serving: Callable[[Path], Serving]
    front_door: Callable[[Routes, Any], App]
    meters: Meters
    """What the front door counts."""
    page: Callable[[ServerContext, Any], App] | None = None
    """Makes the page; without one the plain port only says that the server is alive."""


def real_data_plane() -> DataPlane:
    """Inference servers behind the front door."""
    from deployer.local_workspace.page.app import page_app
    from deployer.local_workspace.page.source import StoredPage
    from deployer.local_workspace.serving.front_door import FrontDoor
    from deployer.local_workspace.serving.ledger import Ledger
    from deployer.local_workspace.serving.runtime import Runtime

    ledger = Ledger()

    def page(context: ServerContext, front_door: FrontDoor) -> App:
        return page_app(StoredPage(context), front_door, secret_in(context.home.page_key))

    front_door = partial(FrontDoor, ledger=ledger)
    return DataPlane(serving=Runtime, front_door=front_door, page=page, meters=ledger)


async def serve(home: Home, plane: DataPlane, *, realistic: float, new_ports: bool, ready: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT; `ready` is called once it answers. Raises CommandError where it cannot start."""
    with os_errors_explained("preparing the folder of the local workspace"):
        home.blobs.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(home.blobs / STAGED, ignore_errors=True)
        _see_to_certificates(home)
        sockets = _listen(home, new_ports)
    ports = TcpPorts(api=sockets[0].getsockname()[1], page=sockets[1].getsockname()[1])
    context = _context(home, plane, ports, realistic)
    front_door = plane.front_door(context.routes, context.serving)
    dispatcher = Dispatcher(context, control_plane(context), front_door)
    page = plane.page(context, front_door) if plane.page else alive_app
    servers = [_server(dispatcher, home.server_certificate), _server(page, None)]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        _resume(context)
        for server, listening in zip(servers, sockets, strict=True):
            await server.startup(sockets=[listening])
        dispatcher.connections = servers[0].server_state.connections
        write_private(home.connection, _json(connection(home, ports)))
        ready()
        await stop.wait()
    finally:
        home.connection.unlink(missing_ok=True)
        await _close(context, servers)


def _see_to_certificates(home: Home) -> None:
    """Make `ca.pem` and `server.pem` unless they are there and good for another two months."""
    there = home.ca.exists() and home.server_certificate.exists()
    if there and time.time() - home.ca.stat().st_mtime < _RENEWED_AFTER_DAYS * 86_400:
        return
    from deployer.local_workspace import certificates

    authority, server = certificates.make(_CERTIFICATE_DAYS)
    write_private(home.server_certificate, server)
    write_private(home.ca, authority)


def _listen(home: Home, new_ports: bool) -> list[socket.socket]:
    """Both sockets, on the ports of last time; new ones are drawn at the first start or when asked for."""
    kept = None if new_ports else read_json(home.ports)
    sockets = [_bind((kept or {}).get(name, 0), name) for name in ("api", "page")]
    drawn = dict(zip(("api", "page"), (item.getsockname()[1] for item in sockets), strict=True))
    if kept != drawn:
        write_private(home.ports, _json(drawn))
    return sockets


def _bind(port: int, name: str) -> socket.socket:
    # The protocol is named because asyncio sends small answers at once only on sockets that say they are TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        if error.errno != errno.EADDRINUSE:
            raise
        taken = f"port {port} of the local workspace ({name}) is taken by another program"
        way_out = "end that program, or run `up --new-ports`, which picks two other ports and keeps all state"
        raise CommandError(f"{taken}; {way_out}") from error
    return listening


def _context(home: Home, plane: DataPlane, ports: TcpPorts, realistic: float) -> ServerContext:
    try:
        store = Store(home.database)
        ident, tokens = workspace_id(store), EndpointTokens(store, workspace_id(store))
    except sqlite3.Error as error:
        way_out = "free some disk space, or run `reset` if you no longer need its content"
        raise CommandError(f"cannot open {home.database}: {error}; {way_out}") from error
    control = secret_in(home.token).encode()
    secret_in(home.admin_key)
    return ServerContext(
        home=home,
        base=f"https://127.0.0.1:{ports.api}",
        workspace_id=ident,
        store=store,
        serving=plane.serving(home.root),
        meters=plane.meters,
        routes=LiveRoutes(store, home.blobs, tokens, lambda given: hmac.compare_digest(given.encode(), control)),
        tokens=tokens,
        faults=Faults(),
        tasks=Tasks(),
        log=RequestLog(home.requests),
        realistic=realistic,
    )


def _server(app: App, certificate: Path | None) -> uvicorn.Server:
    """A server that is started by hand: its own loop would wake ten times a second, and take the signals."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        ssl_certfile=certificate,
        backlog=2048,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server


def _resume(context: ServerContext) -> None:
    """Restart every deployment, and continue the operations that had not finished."""
    under_way = {item["key"]: item for item in _operations(context) if item["status"] == "Updating"}
    for deployment in context.store.list("deployment"):
        key = f"{deployment['endpoint']}/{deployment['name']}".lower()
        context.tasks.start(f"deployment {key}", _bring_back(context, deployment, under_way.get(key)))
    for key, operation in under_way.items():
        if operation["action"] == "put-endpoint":
            context.tasks.start(f"endpoint {key}", endpoints.finish_put(context, operation))
        elif operation["action"] == "delete-endpoint":
            context.tasks.start(f"endpoint {key}", endpoints.finish_delete(context, operation))
    autoscaler.start(context)


async def _bring_back(context: ServerContext, deployment: Document, operation: Document | None) -> None:
    if deployment["serving"]:
        await deployments.restore(context, deployment)
    if operation and operation["action"] == "put-deployment":
        await deployments.finish_put(context, operation)
    elif operation and operation["action"] == "delete-deployment":
        await deployments.finish_delete(context, operation)


def _operations(context: ServerContext) -> list[Document]:
    """All operations; of the finished ones, only the latest are kept."""
    found = context.store.list("operation")
    over = [item for item in found if item["status"] != "Updating"]
    for item in over[:-_KEEP_OPERATIONS]:
        context.store.delete("operation", item["name"].lower())
    return found


async def _close(context: ServerContext, servers: list[uvicorn.Server]) -> None:
    """Let requests in progress finish, then stop everything that was started."""
    await asyncio.gather(*(_drain(server) for server in servers if server.started))
    await context.tasks.close()
    await context.serving.close()
    context.log.close()
    context.store.close()


async def _drain(server: uvicorn.Server) -> None:
    """Let requests end. Idle connections are cut: over TLS a polite close waits half a minute for the other side."""
    closing = asyncio.ensure_future(server.shutdown())
    while not closing.done():
        for protocol in list(server.server_state.connections):
            cycle = getattr(protocol, "cycle", None)
            is_idle = cycle is None or cycle.response_complete
            if is_idle and not protocol.transport.get_write_buffer_size():
                protocol.transport.abort()
        await asyncio.wait([closing], timeout=0.05)


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
