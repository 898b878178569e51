"""Requests in specs beyond the fields of a resource: smoke tests, rollouts, protection, ignored fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from deployer.core.diagnostics import Location
from deployer.core.resources import KeyPath, Ref, Value

JSON = "application/json"
DEPLOYMENT_HEADER = "azureml-model-deployment"
"""The header of a scoring request, and of its answer, that names a deployment."""
OWN_HEADERS = frozenset(["authorization", "content-length", "host"])
"""The headers of a scoring request that nobody else may set, in lower case."""


class Anything:
    """The type of ANYTHING, so that None (JSON null) can be an expected value."""

    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING = Anything()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """One request to one deployment, using the `azureml-model-deployment` header, and the expected answer.

    Exactly one of `request` (a file sent as it is, as `content_type`) and `image` (a picture sent as
    {"data": "<base64>"}) is set; paths are relative to the project. `body_hash` is the sha256 of that file, so that a
    saved plan notices a change. The answer equals `json`, holds `subset` (maps may have more keys) and the text
    `contains`, and matches the JSON Schema `schema`, where these are given; numbers in the first two may differ by
    `tolerance`. `max_ms` is the maximum time to the last byte, in milliseconds.
    """

    request: str = ""
    image: str = ""
    body_hash: str = ""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    json: Value | Anything = ANYTHING
    subset: Value | Anything = ANYTHING
    contains: str = ""
    schema: Mapping[str, Value] = field(default_factory=dict)
    tolerance: float = 0.0
    max_ms: int | None = None

    @property
    def beyond(self) -> tuple[Value, ...]:
        """What hashes take in of what came later: nothing without it, so that earlier hashes stay."""
        expected: Value = [None if isinstance(self.subset, Anything) else [self.subset], self.contains, self.tolerance]
        sent: Value = ["sent", self.content_type, dict(self.headers)]
        found: list[Value] = [expected] if expected != [None, "", 0.0] else []
        found += [sent] if sent != ["sent", JSON, {}] else []
        found += [["schema", dict(self.schema)]] if self.schema else []
        return tuple(found)

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """The headers of the request that are its own."""
        return {"Content-Type": self.content_type, **self.headers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Conditions during the bake of a rollout step; rates from 0 to 1, times in milliseconds."""

    smoke: bool = True
    max_error_rate: float | None = None
    max_p95_ms: float | None = None
    min_requests: int = 10


class OnInconclusive(StrEnum):
    """What a stage does when its measurements decide nothing: wait for more, put the traffic back, or go on."""

    WAIT = "wait"
    PUT_BACK = "put_back"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Gates on customers' requests after each stage of a rollout; times in seconds, rates and confidence from 0 to 1.

    A stage is judged on the requests of `window`, read `settle` after its end in grains of `grain`. `max_error_rate`
    and `max_ms` (by percentile) bound what is measured; `error_rate` is how much more often, and `slower` (by
    percentile) how many times slower the new deployment may be than the one that served before, in the same grains.
    `confidence` is that of all comparisons of a rollout together. After `limit` an undecided stage is put back.
    """

    window: float = 300.0
    settle: float = 240.0
    grain: float = 60.0
    min_requests: int = 100
    max_error_rate: float | None = None
    max_ms: Mapping[int, float] = field(default_factory=dict)
    error_rate: float | None = None
    slower: Mapping[int, float] = field(default_factory=dict)
    confidence: float = 0.95
    on_inconclusive: OnInconclusive = OnInconclusive.WAIT
    limit: float = 1800.0

    @property
    def comparisons(self) -> int:
        """How many comparisons with the earlier deployment a stage makes."""
        return (self.error_rate is not None) + len(self.slower)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A staged traffic change: percentages of the way to the desired split, and seconds to wait at each."""

    steps: tuple[int, ...] = (100,)
    bake_seconds: float = 0.0
    checks: Checks = field(default_factory=Checks)
    watch: Watch | None = None

    @property
    def looks(self) -> int:
        """How many stages are judged at most."""
        return len({*self.steps, 100})

    def risk(self, rising: int = 1) -> float:
        """How often one comparison of `rising` new deployments may err, so that all of the rollout keep its confidence.

        1 without gates, where nothing is compared.
        """
        if self.watch is None:
            return 1.0
        return (1 - self.watch.confidence) / max(1, self.watch.comparisons * self.looks * rising)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The extension keys of all specs, by resource; rollouts and protection by endpoint name.

    `revisions` is how many earlier revisions of a deployment are kept.
    """

    smoke_tests: Mapping[Ref, SmokeTest] = field(default_factory=dict)
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    ignored: Mapping[Ref, tuple[KeyPath, ...]] = field(default_factory=dict)
    revisions: Mapping[Ref, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Places of resources and fields in the spec files."""

    places: Mapping[Ref, Mapping[KeyPath, Location]] = field(default_factory=dict)

    def also(self, places: Mapping[Ref, Mapping[KeyPath, Location]]) -> Origins:
        """These places and more."""
        return Origins(places={**self.places, **places})

    def of(self, ref: Ref, path: KeyPath = ()) -> Location | None:
        """The place of a field, of its nearest written parent, or of the resource; None if no file declares it."""
        paths = self.places.get(ref, {})
        while path and path not in paths:
            path = path[:-1]
        return paths.get(path)
