"""A workspace of Azure in a dict: what ARM answers, and an SDK client that records what it is given to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from azure.core.exceptions import ResourceNotFoundError

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.arm import Arm
from deployer.azureml.retry import Patience
from deployer.azureml.sdk import Sdk
from tests.unit.azureml import service

SETTINGS = "/autoscaleSettings/"
ENDPOINT, BLUE = "/onlineEndpoints/digits", "/onlineEndpoints/digits/deployments/blue"


@dataclass
class FakeArm:
    """ARM JSON by path. `states` are shown first, one a read, by whatever is read next; `log` says what was asked.

    What is deleted is still found by the next `lingers` reads. A POST to a path in `posts` has that answer, or that
    error; any other is one for logs. `posted` holds the bodies, `queries` those of reads that had one, `required` the
    lists that had to be there.
    """

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    lingers: int = 0
    leaving: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: dict[str, Any] = field(default_factory=dict)
    posted: list[Mapping[str, Any] | None] = field(default_factory=list)
    queries: list[Mapping[str, str]] = field(default_factory=list)
    required: list[str] = field(default_factory=list)

    def delete(self, path: str) -> None:
        self.leaving = {place: raw for place, raw in self.found.items() if place.startswith(path)}
        self.found = {place: raw for place, raw in self.found.items() if place not in self.leaving}

    def get(self, path: str, version: str, *, query: Mapping[str, str] | None = None) -> Raw | None:
        self.log.append((path, version))
        self.queries += [query] if query else []
        raw = self.found.get(path)
        if path in self.leaving and self.lingers:
            self.lingers -= 1
            return self.leaving[path]
        if raw is not None and self.states:
            return {**raw, "properties": {**raw["properties"], "provisioningState": self.states.pop(0)}}
        return raw

    def pages(self, path: str, version: str, *, required: bool = False) -> Iterator[Raw]:
        self.log.append((path, version))
        self.required += [path] if required else []
        yield from (raw for place, raw in sorted(self.found.items()) if place.rpartition("/")[0] == path)

    def pages_at(self, path: str, version: str) -> Iterator[Raw]:
        self.log.append((path, version))
        yield from (raw for place, raw in sorted(self.found.items()) if place.startswith(SETTINGS))

    def post(self, path: str, version: str, body: Mapping[str, Any] | None = None) -> Raw:
        self.log.append((path, version))
        self.posted.append(body)
        answer: Any = self.posts.get(path)
        if isinstance(answer, Exception):
            raise answer
        return answer or {"content": f"{body and body['containerType']} said this"}


def answer(status: int, body: str) -> SimpleNamespace:
    """A response as azure-core's exceptions hold one."""
    return SimpleNamespace(status_code=status, headers={}, reason="", text=lambda: body)


class Ended:
    """The poller of an operation that is over."""

    def __init__(self, outcome: Callable[[], object]) -> None:
        self._outcome = outcome

    def wait(self, _seconds: float) -> None: ...

    def done(self) -> bool:
        return True

    def result(self) -> object:
        return self._outcome()


@dataclass
class RecordedSdk:
    """Stands for MLClient: keeps each write as (what, body), and shows it through `arm` from then on."""

    arm: FakeArm
    writes: list[tuple[str, Any]] = field(default_factory=list)
    fail: Callable[[], object] = lambda: None

    def _put(self, path: str, body: Any, answer: dict[str, Any]) -> Ended:
        self.writes.append((f"PUT {path}", body))
        self.arm.found[path] = answer
        return Ended(self.fail)

    def _delete(self, path: str) -> Ended:
        self.writes.append((f"DELETE {path}", None))
        if path not in self.arm.found:
            raise ResourceNotFoundError(response=cast("Any", answer(404, "{}")))
        self.arm.delete(path)
        return Ended(self.fail)

    def autoscale(self, what: str, work: Callable[[Any, str], object]) -> None:
        """Stands for `Sdk.autoscale`."""
        assert "autoscale setting" in what

        def put(_group: str, name: str, entity: Any) -> None:
            self._put(f"{SETTINGS}{name}", entity.serialize(), {**entity.serialize(), "name": name})

        work(SimpleNamespace(create_or_update=put, delete=lambda _group, name: self._delete(SETTINGS + name)), "group")

    @property
    def online_endpoints(self) -> Any:
        def put(entity: Any) -> Ended:
            body = service.sent(entity._to_rest_online_endpoint(location="local"))
            return self._put(f"/onlineEndpoints/{entity.name}", body, service.endpoint(body, entity.name))

        return SimpleNamespace(
            begin_create_or_update=put, begin_delete=lambda name: self._delete(f"/onlineEndpoints/{name}")
        )

    @property
    def online_deployments(self) -> Any:
        def put(entity: Any, *, skip_script_validation: bool) -> Ended:
            assert skip_script_validation, "the script would be imported here"
            body = service.sent(entity._to_rest_object(location="local"))
            path = f"/onlineEndpoints/{entity.endpoint_name}/deployments/{entity.name}"
            return self._put(path, body, service.deployment(body, entity.name))

        return SimpleNamespace(
            begin_create_or_update=put,
            begin_delete=lambda name, on: self._delete(f"/onlineEndpoints/{on}/deployments/{name}"),
        )

    @property
    def models(self) -> Any:
        return SimpleNamespace(create_or_update=lambda entity: self.writes.append((f"model {entity.path}", entity)))

    @property
    def environments(self) -> Any:
        return SimpleNamespace(create_or_update=lambda entity: self.writes.append(("environment", entity)))

    @property
    def _code(self) -> Any:
        def put(entity: Any) -> Any:
            self.writes.append(("code", entity))
            return SimpleNamespace(id=service.CODE_ID)

        return SimpleNamespace(create_or_update=put)


@dataclass
class Stand:
    """A fake workspace with a writer to it. Nothing ever sleeps; `slept` counts the seconds it was meant to."""

    root: Path = Path("/nowhere")
    arm: FakeArm = field(default_factory=FakeArm)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = RecordedSdk(self.arm)
        self.patience = Patience(clock=lambda: sum(self.slept), sleep=self.slept.append)
        sdk = Sdk(cast("Any", SimpleNamespace(local=None)), self.patience, deployments_api="2025-12-01")
        sdk._client = self.client
        sdk.autoscale = self.client.autoscale  # type: ignore[method-assign]
        self.reader = Reader(arm=cast("Arm", self.arm), where=service.WHERE)
        self.writer = Writer(sdk=sdk, reader=self.reader, project="demo", root=self.root)

    @property
    def written(self) -> list[str]:
        """What was written, in order, without the bodies."""
        return [what for what, _ in self.client.writes]

    def bodies(self, what: str) -> list[Any]:
        """The bodies of one kind of write."""
        return [body for name, body in self.client.writes if name == what]
