"""Azure ML workspaces, real and local: the only package that imports azure.* and knows Azure's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from deployer.azureml import execute as writing
from deployer.azureml import health
from deployer.azureml import monitor as monitoring
from deployer.azureml import observe as reading
from deployer.azureml import score as scoring
from deployer.azureml.access import Reader, Writer
from deployer.azureml.arm import Arm
from deployer.azureml.client import WorkspaceAccess, access_to
from deployer.azureml.kinds import deployment
from deployer.azureml.logs import failed_with_logs, read_logs
from deployer.azureml.retry import Patience
from deployer.azureml.sdk import Sdk
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.health import Condition
from deployer.core.metrics import Measured, Span
from deployer.core.plan import Step
from deployer.core.resources import Ref, Resource, State
from deployer.core.workspace import Answer, KeyName, Wanted, Workspace

_LOCAL_POLL = 0.2


def connect(where: Coordinates, *, project: str, root: Path, local: LocalServer | None = None) -> Workspace:
    """A workspace, real or local. Sends no request yet.

    `project` becomes the owner of the endpoints and deployments that are written; paths in `Resource.sources` are
    relative to `root`.
    """
    patience = Patience(poll=_LOCAL_POLL) if local else Patience()
    return AzureWorkspace(access_to(where, local), project=project, root=root, patience=patience)


class AzureWorkspace:
    """The Workspace port, implemented over ARM and azure-ai-ml. Thread-safe."""

    def __init__(self, access: WorkspaceAccess, *, project: str, root: Path, patience: Patience) -> None:
        self._access = access
        self._patience = patience
        self._arm = Arm(access)
        self._reader = Reader(arm=self._arm, where=access.where)
        sdk = Sdk(access, patience, deployments_api=deployment.API)
        self._writer = Writer(sdk=sdk, reader=self._reader, project=project, root=root)
        self._scorer = scoring.Scorer(access, self._reader)

    def observe(self, wanted: Wanted) -> State:
        """The live state in canonical form."""
        return reading.observe(self._reader, wanted)

    def read(self, ref: Ref) -> Resource | None:
        """One resource, after waiting for operations on it to end."""
        return reading.read(self._reader, ref, self._patience)

    def upload(self, step: Step) -> bool:
        """Upload the code of a deployment; `execute` then finds it by its content."""
        return writing.upload(self._writer, step)

    def execute(self, step: Step) -> None:
        """Carry out one step; the error of a failed deployment includes the last lines of its logs."""
        if step.after is None:
            writing.execute(self._writer, step)
            return
        with failed_with_logs(self._arm, step.ref):
            writing.execute(self._writer, step)

    def score(
        self,
        endpoint: str,
        body: bytes,
        *,
        deployment: str = "",
        headers: Mapping[str, str] = {},
        timeout: float = 200.0,
    ) -> Answer:
        """POST a body to the scoring URI; any HTTP status is returned, not raised."""
        return self._scorer.score(endpoint, body, deployment=deployment, headers=headers, timeout=timeout)

    def openapi(self, endpoint: str, *, deployment: str = "") -> Answer:
        """The OpenAPI document of a deployment, as it is answered."""
        return self._scorer.openapi(endpoint, deployment=deployment)

    def measured(self, endpoint: str, span: Span) -> Measured:
        """What Azure Monitor measured of the requests to each deployment of an endpoint."""
        return monitoring.measured(self._arm, endpoint, span)

    def logs(self, ref: Ref, container: str, tail: int) -> str:
        """The last lines of one container of a deployment."""
        return read_logs(self._arm, ref, container, tail)

    def keys(self, endpoint: str) -> tuple[str, str]:
        """The primary and the secondary key of an endpoint."""
        return scoring.keys(self._arm, endpoint)

    def conditions(self) -> Iterator[Condition]:
        """Sign-in, reachability, clock, permissions, providers and quota."""
        return health.conditions(self._access, self._arm)

    def rotate_key(self, endpoint: str, which: KeyName) -> None:
        """Regenerate one of the two keys of an endpoint."""
        scoring.rotate_key(self._writer.sdk, endpoint, which)

    def bearer(self, endpoint: str) -> str:
        """The primary key of an endpoint, or a token for it."""
        return self._scorer.bearer(endpoint)
