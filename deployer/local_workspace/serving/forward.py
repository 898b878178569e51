"""Forwards one request to one deployment: limits, timeouts, and errors as Azure reports them."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any, Protocol

from deployer.local_workspace.ports import Workload
from deployer.local_workspace.serving.admission import Gate, TooManyPending
from deployer.local_workspace.serving.counters import Traffic
from deployer.local_workspace.serving.headers import (
    FrontDoorRefused,
    Header,
    model_error,
    new_request_id,
    of_deployment,
    to_client,
)
from deployer.local_workspace.serving.ledger import Ledger
from deployer.local_workspace.serving.relay import UpstreamLost, UpstreamRequest, UpstreamResponse, exchange
from deployer.local_workspace.serving.replica import Replica

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONGEST_WAIT_FOR_REPLICA = 5.0
"""Seconds a request waits for a container that restarts."""
RETRY_PERIOD = 0.02
SCORE_PATH = "/score"
CALLER_GONE = 499
"""The status counted when the caller hangs up first; it is never sent."""


class CallerGone(Exception):
    """The caller hung up in the middle of the request."""


class Replicas(Protocol):
    """The running inference servers."""

    def replica(self, endpoint: str, deployment: str) -> Replica | None:
        """The one that serves a deployment now."""


class CallerResponse:
    """The response to the caller; `status` is None until it has started."""

    def __init__(self, send: Send) -> None:
        self.request_id = new_request_id()
        self._send = send
        self.status: int | None = None

    async def begin(self, status: int, headers: list[Header]) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def body(self, chunk: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})


class Forwarder:
    """Passes requests on to deployments and counts them."""

    def __init__(self, replicas: Replicas, ledger: Ledger) -> None:
        self._replicas = replicas
        self._ledger = ledger
        self._gates: defaultdict[tuple[str, str], Gate] = defaultdict(Gate)
        self.traffic: defaultdict[tuple[str, str], Traffic] = defaultdict(Traffic)

    async def forward(self, request: UpstreamRequest, workload: Workload, reply: CallerResponse) -> None:
        """Send the deployment's answer. Raises FrontDoorRefused if there is none and nothing was sent yet."""
        started = time.perf_counter()
        status = 500
        try:
            await self._within_time(request, workload, reply)
            status = reply.status or 500
        except FrontDoorRefused as refused:
            status = refused.status
            raise
        except CallerGone:
            status = CALLER_GONE
            raise
        finally:
            ms = (time.perf_counter() - started) * 1000
            self.traffic[workload.endpoint, workload.deployment].count(status, ms)
            self._ledger.count(workload.endpoint, workload.deployment, status, ms)

    async def mirror(self, copy: UpstreamRequest, workload: Workload) -> None:
        """Send a copy, ignoring its answer and its failure, which the metrics show all the same."""
        self.traffic[workload.endpoint, workload.deployment].mirrored += 1
        started, reply = time.perf_counter(), CallerResponse(_nowhere)
        status = 500
        try:
            await self._within_time(copy, workload, reply)
            status = reply.status or 500
        except FrontDoorRefused as refused:
            status = refused.status
        except (TimeoutError, UpstreamLost, OSError):
            pass
        finally:
            self._ledger.count(workload.endpoint, workload.deployment, status, (time.perf_counter() - started) * 1000)

    async def _within_time(self, request: UpstreamRequest, workload: Workload, reply: CallerResponse) -> None:
        try:
            async with asyncio.timeout(workload.request_timeout_ms / 1000):
                await self._in_turn(request, workload, reply)
        except TimeoutError as error:
            if reply.status is not None:
                raise  # too late for another status: the connection breaks off
            raise FrontDoorRefused(408, "upstream request timeout", *of_deployment(workload.deployment)) from error
        except UpstreamLost as error:
            if reply.status is not None:
                raise
            raise _no_answer(502, "model_error", workload) from error

    async def _in_turn(self, request: UpstreamRequest, workload: Workload, reply: CallerResponse) -> None:
        gate = self._gates[workload.endpoint, workload.deployment]
        at_once = max(1, workload.max_concurrent_requests_per_instance * workload.instance_count)
        try:
            # 0 is what Azure shows for the deprecated setting: then only the request time-out bounds the wait.
            await gate.enter(at_once, workload.max_queue_wait_ms / 1000 or None)
        except TooManyPending as error:
            reason = (b"ms-azureml-model-error-reason", b"too_many_pending_request")
            headers = (reason, *of_deployment(workload.deployment))
            raise FrontDoorRefused(429, "too many pending requests", *headers) from error
        try:
            await self._relay(request, workload, reply)
        finally:
            gate.leave()

    async def _relay(self, request: UpstreamRequest, workload: Workload, reply: CallerResponse) -> None:
        give_up = time.monotonic() + LONGEST_WAIT_FOR_REPLICA
        while True:
            replica = await self._ready_replica(workload, give_up)
            try:
                with replica.lease():
                    await _converse(request, workload, replica, reply)
                return
            except (
                FileNotFoundError,
                ConnectionRefusedError,
                BlockingIOError,
            ):  # it died this moment, before anything was sent
                await asyncio.sleep(RETRY_PERIOD)

    async def _ready_replica(self, workload: Workload, give_up: float) -> Replica:
        while True:
            replica = self._replicas.replica(workload.endpoint, workload.deployment)
            if replica is not None and replica.ready.is_set():
                return replica
            if time.monotonic() > give_up:
                raise _no_answer(503, "model_not_ready", workload)
            await asyncio.sleep(RETRY_PERIOD)


async def _converse(request: UpstreamRequest, workload: Workload, replica: Replica, reply: CallerResponse) -> None:
    score_path = replica.container.score_path
    if score_path != SCORE_PATH and request.target.startswith(SCORE_PATH):
        request = replace(request, target=score_path + request.target.removeprefix(SCORE_PATH))
    async with exchange(replica.container.socket, request) as answer:
        headers = to_client(answer.headers, workload.deployment, reply.request_id)
        if answer.status == 200:
            await reply.begin(200, headers)
        else:
            await reply.begin(424, [*headers, *model_error(answer.status, "model_error")])
        await _stream(answer, reply)


async def _stream(answer: UpstreamResponse, reply: CallerResponse) -> None:
    last = b""
    async for chunk in answer.body:
        if last:
            await reply.body(last, more=True)
        last = chunk
    await reply.body(last, more=False)


async def _nowhere(_message: MutableMapping[str, Any]) -> None:
    return None


def _no_answer(original: int, reason: str, workload: Workload) -> FrontDoorRefused:
    return FrontDoorRefused(424, reason, *model_error(original, reason), *of_deployment(workload.deployment))
