"""Which deployment a request goes to, and what of its headers goes with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deployer.local_workspace.ports import Route, Workload
from deployer.local_workspace.serving.front_door import LARGEST_BODY, FrontDoor
from deployer.local_workspace.serving.headers import to_client, to_container
from deployer.local_workspace.serving.replica import Replica
from tests.e2e.serving import workload


class Nothing:
    """A data plane in which nothing serves."""

    def replica(self, endpoint: str, deployment: str) -> Replica | None:
        return None


class OneRoute:
    def __init__(self, route: Route) -> None:
        self._route = route

    def route(self, endpoint: str) -> Route | None:
        return self._route

    def authorises(self, endpoint: str, bearer: str) -> bool:
        return True


def answer(route: Route, chance: float, *headers: tuple[bytes, bytes]) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers when nothing serves: they name the deployment that was chosen."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/inference/e/score",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer any"), *headers],
    }
    asyncio.run(FrontDoor(OneRoute(route), Nothing(), chance=lambda: chance)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


def test_the_split_is_that_of_the_traffic(tmp_path: Path) -> None:
    names = ("blue", "green", "idle")
    # A time-out at once, so that the refusal names the deployment without waiting for one that serves.
    deployments = {name: _impatient(tmp_path, name) for name in names}
    route = Route(
        endpoint="e",
        auth_mode="Key",
        traffic={"blue": 70, "gone": 10, "green": 20, "idle": 0},
        mirror_traffic={},
        deployments=deployments,
    )
    chosen = Counter(answer(route, step / 90)[1][b"azureml-model-deployment"] for step in range(90))
    assert chosen == {b"blue": 70, b"green": 20}
    assert answer(route, 0.5, (b"azureml-model-deployment", b"idle"))[1][b"azureml-model-deployment"] == b"idle"
    assert answer(route, 0.5, (b"azureml-model-deployment", b"gone"))[0] == 404


def test_a_request_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    deployments = {"blue": _impatient(tmp_path, "blue")}
    route = Route(endpoint="e", auth_mode="Key", traffic={"blue": 100}, mirror_traffic={}, deployments=deployments)
    assert answer(route, 0.5, (b"content-length", str(LARGEST_BODY + 1).encode()))[0] == 413
    assert answer(route, 0.5, (b"content-length", str(LARGEST_BODY).encode()))[0] != 413


def _impatient(folder: Path, name: str) -> Workload:
    return replace(workload(folder, name), request_timeout_ms=0)


HEADER = st.tuples(
    st.sampled_from([b"authorization", b"connection", b"content-type", b"x-request-id", b"x-mine", b"server", b"te"]),
    st.binary(max_size=20),
)


@given(headers=st.lists(HEADER))
def test_no_credential_reaches_the_container_and_ids_are_the_front_doors(headers: list[tuple[bytes, bytes]]) -> None:
    inside = to_container(headers, b"the-id")
    assert [value for name, value in inside if name == b"x-request-id"] == [b"the-id"]
    assert not {name for name, _ in inside} & {b"authorization", b"connection", b"te"}
    assert [each for each in inside if each[0] == b"x-mine"] == [each for each in headers if each[0] == b"x-mine"]
    outside = to_client(headers, "blue", b"the-id")
    assert [value for name, value in outside if name == b"server"] == [b"azureml-frontdoor"]
    assert [value for name, value in outside if name == b"x-request-id"] == [b"the-id"]


@given(given=st.binary(max_size=80))
def test_the_client_id_is_tidied(given: bytes) -> None:
    (kept,) = (value for name, value in to_container([(b"x-ms-client-request-id", given)], b"") if b"client" in name)
    allowed = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert kept == bytes(byte for byte in given if byte in allowed)[:40]
