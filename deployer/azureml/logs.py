"""Container logs: read on request, and added to the error of a failed deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deployer.azureml.arm import Arm
from deployer.azureml.kinds import deployment
from deployer.azureml.refusal import without_secrets
from deployer.core.errors import OperationFailed, WorkspaceError
from deployer.core.resources import Kind, Ref

CONTAINERS: Mapping[str, str] = {"storage-initializer": "StorageInitializer", "inference-server": "InferenceServer"}
_TAIL = 30


def read_logs(arm: Arm, ref: Ref, container: str, tail: int) -> str:
    """The last `tail` lines of "inference-server" or "storage-initializer". Raises ValueError for other names."""
    if container not in CONTAINERS:
        raise ValueError(f"there is no container {container}: {', '.join(CONTAINERS)}")
    asked = {"containerType": CONTAINERS[container], "tail": tail}
    found = arm.post(f"{deployment.path(ref)}/getLogs", deployment.API, asked)
    return str(found.get("content") or "")


@contextmanager
def failed_with_logs(arm: Arm, ref: Ref) -> Iterator[None]:
    """Add the last lines of both containers to the error of a failed deployment operation.

    The error of a refused request stays as it is: the containers were not touched, so their logs do not explain it.
    """
    try:
        yield
    except OperationFailed as error:
        if ref.kind is Kind.DEPLOYMENT and not error.log_tail:
            error.log_tail = _last_lines(arm, ref)
        raise


def _last_lines(arm: Arm, ref: Ref) -> str:
    """The last lines of both containers; without those that cannot be read."""
    parts = []
    for container in CONTAINERS:
        try:
            text = read_logs(arm, ref, container, _TAIL).strip()
        except WorkspaceError:
            continue
        if text:
            parts.append(f"--- {container} ---\n{without_secrets(text)}")
    return "\n".join(parts)
