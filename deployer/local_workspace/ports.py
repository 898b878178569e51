"""The interface between the control plane and the data plane: values and two protocols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Container = Literal["StorageInitializer", "InferenceServer"]
AuthMode = Literal["Key", "AMLToken", "AADToken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A liveness, readiness or startup probe; times in seconds."""

    initial_delay: float
    period: float
    timeout: float
    success_threshold: int
    failure_threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Everything needed to serve one deployment, read off its ARM resource and its assets."""

    endpoint: str
    deployment: str
    code_dir: Path | None
    scoring_script: str | None
    model_dir: Path | None
    """What AZUREML_MODEL_DIR names; the uploaded folder lies inside it under its own name."""
    is_mlflow_model: bool
    image: str | None
    conda_file: str | None
    """The text Azure stores: YAML or JSON."""
    environment_variables: Mapping[str, str]
    instance_count: int
    max_concurrent_requests_per_instance: int
    request_timeout_ms: int
    max_queue_wait_ms: int
    liveness_probe: Probe
    readiness_probe: Probe
    startup_probe: Probe | None = None
    """Until it succeeds the other probes wait; None where a container counts as started at once."""


class WorkloadFailed(Exception):
    """A workload failed to start; the failed operation shows this `code` and `message`."""

    def __init__(self, code: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Serving(Protocol):
    """The data plane, as the control plane sees it."""

    async def put(self, workload: Workload) -> None:
        """Serve `workload`; return once it is ready and takes the requests of the one it replaces, which is drained.

        Raises WorkloadFailed; what served before goes on serving then.
        """

    async def delete(self, endpoint: str, deployment: str) -> None:
        """Stop serving; a missing deployment is not an error."""

    def logs(self, endpoint: str, deployment: str, container: Container, tail: int) -> str:
        """The last `tail` lines of one container."""

    def processor_seconds(self, endpoint: str, deployment: str) -> float:
        """The processor time that what serves a deployment has used so far; 0 if nothing does."""

    async def close(self) -> None:
        """End every process this data plane started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint as the front door needs it; names lower case, shares in percent."""

    endpoint: str
    auth_mode: AuthMode
    traffic: Mapping[str, int]
    mirror_traffic: Mapping[str, int]
    deployments: Mapping[str, Workload]
    """Those whose last provisioning succeeded, or that still serve their previous content."""


class Routes(Protocol):
    """The control plane, as the front door sees it; both calls are cheap and made for every request."""

    def route(self, endpoint: str) -> Route | None:
        """The endpoint of that name, whatever its letter case; None where there is none."""

    def authorises(self, endpoint: str, bearer: str) -> bool:
        """Whether this key or token gives access to this endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The requests of one deployment in one grain: how many by status, and (milliseconds, how many) ascending."""

    statuses: Mapping[int, int]
    latencies: tuple[tuple[float, int], ...]

    @property
    def requests(self) -> int:
        """All of them."""
        return sum(self.statuses.values())

    def percentile(self, rank: float) -> float:
        """The milliseconds that `rank` percent of the requests did not exceed; 0 if there are none."""
        left = self.requests * rank / 100
        for ms, count in self.latencies:
            left -= count
            if left <= 0:
                return ms
        return 0.0

    def plus(self, other: Counted) -> Counted:
        """What both counted together."""
        statuses = Counter(self.statuses) + Counter(other.statuses)
        return Counted(statuses=statuses, latencies=tuple(sorted((*self.latencies, *other.latencies))))

    def mean(self) -> float:
        """Their mean in milliseconds; 0 if there are none."""
        return sum(ms * count for ms, count in self.latencies) / self.requests if self.requests else 0.0


class Meters(Protocol):
    """What the data plane counted, as the control plane sees it."""

    def counted(self, endpoint: str, start: int, end: int, grain: int) -> Mapping[str, tuple[Counted, ...]]:
        """The requests by deployment, in each grain from `start` to before `end`, in seconds since 1970."""
