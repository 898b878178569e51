"""The SDK: one MLClient, created for the first write, with its failures converted to refusals."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from deployer.azureml.causes import error_of
from deployer.azureml.client import WorkspaceAccess, trusted_bundle
from deployer.azureml.refusal import Refusal, read_refusal, without_secrets
from deployer.azureml.retry import AzureRefused, Patience, time_for
from deployer.azureml.silence_sdk import sdk_at_work, silence
from deployer.core.errors import Busy

T = TypeVar("T")

_CLOUD = "AZUREML_CURRENT_CLOUD"
_RETRIES = {
    "retry_total": 4,
    "retry_connect": 2,
    "retry_read": 2,
    "retry_status": 4,
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 10,
}
"""Few retries: the caller of a step handles longer problems, and looks at the resource before each."""


_KNOWN_CLOUD = "AzureCloud"
"""Set during the import, which fails if an inherited AZUREML_CURRENT_CLOUD names another process's local cloud."""


class Sdk:
    """azure-ai-ml for one workspace. Thread-safe: threads share one client."""

    def __init__(self, access: WorkspaceAccess, patience: Patience, *, deployments_api: str) -> None:
        self.patience = patience
        self._deployments_api = deployments_api
        self._uploads: dict[str, threading.Lock] = {}
        self._access = access
        self._lock = threading.Lock()
        self._client: Any = None
        self._settings: Mapping[str, str] = {}

    def wake(self) -> None:
        """Import the SDK and create the client in one thread: the SDK's circular imports fail with several."""
        self._ml_client()

    def uploading(self, content: str) -> threading.Lock:
        """The lock for uploads of this content: Azure refuses a blob that another upload wrote a moment before."""
        with self._lock:
            return self._uploads.setdefault(content, threading.Lock())

    def call(self, what: str, work: Callable[[Any], T]) -> T:
        """`work(ml_client)`. Raises WorkspaceError, which is repeated by the caller; `what` completes "Could not ...".

        A conflict is final: the version of an asset exists with different content.
        """
        try:
            return self._attempt(work)
        except AzureRefused as refused:
            seconds = 0.0 if refused.refusal.status == 409 else max(time_for(refused.refusal, self.patience), 0.0)
            raise error_of(refused.refusal, what, retry_seconds=seconds) from refused

    def operate(self, what: str, begin: Callable[[Any], Any]) -> None:
        """Begin a long-running operation and wait for it to end. Raises WorkspaceError.

        What is refused is not repeated here: somebody else may have written meanwhile. The `retry_seconds` of the error
        leave that to the caller, who looks at the resource first.
        """
        with self._refusals_told(what):
            self._attempt(lambda client: self._finish(begin(client), what))

    def autoscale(self, what: str, work: Callable[[Any, str], object]) -> None:
        """`work(autoscale_settings, resource_group)` of azure-mgmt-monitor, which ends with its answer.

        Raises WorkspaceError, as `operate` does.
        """
        group, at_work = self._access.where.resource_group, sdk_at_work(self._settings)
        with self._refusals_told(what), at_work, failures_as_refusals(), _monitor_client(self._access) as client:
            work(client.autoscale_settings, group)

    @contextmanager
    def _refusals_told(self, what: str) -> Iterator[None]:
        try:
            yield
        except AzureRefused as refused:
            seconds = max(time_for(refused.refusal, self.patience), 0.0)
            raise error_of(refused.refusal, what, retry_seconds=seconds) from refused

    def _attempt(self, work: Callable[[Any], T]) -> T:
        client = self._ml_client()
        with sdk_at_work(self._settings), failures_as_refusals():
            return work(client)

    def _finish(self, poller: Any, what: str) -> None:
        poller.wait(self.patience.operation)
        if not poller.done():
            raise Busy(
                f"Could not {what}: the operation is still running after {self.patience.operation / 60:.0f} minutes.",
                hint="Check it in the Azure portal, and run the same command again once the operation has ended.",
            )
        from azure.core.exceptions import ResourceNotFoundError

        # The last request of a poller reads the resource, which may not show yet: whoever reads back knows better.
        with suppress(ResourceNotFoundError):
            poller.result()

    def _ml_client(self) -> Any:
        """The client. The SDK looks up its cloud on import, and registers ours when the client is created."""
        with self._lock:
            if self._client is None:
                settings = self._local_settings(self._access.local.ca_file) if self._access.local else {}
                with sdk_at_work({**settings, _CLOUD: _KNOWN_CLOUD if self._access.local else None}):
                    client = _make_client(self._access, self.patience.poll)
                    _ask_deployments_at(client, self._deployments_api)
                    self._client = client
                self._settings = settings | ({_CLOUD: _cloud_name(self._access)} if self._access.local else {})
            return self._client

    def _local_settings(self, ca_file: Path) -> dict[str, str]:
        """Environment variables for the SDK's blob client: it takes CA bundle and proxy exceptions from there only."""
        folder = Path(tempfile.mkdtemp(prefix="deployer-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        bundle = folder / "ca-bundle.pem"
        bundle.write_text(f"{Path(trusted_bundle()).read_text()}\n{ca_file.read_text()}")
        direct = ",".join(filter(None, (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1")))
        return {"REQUESTS_CA_BUNDLE": str(bundle), "no_proxy": direct, "NO_PROXY": direct}


def _make_client(access: WorkspaceAccess, poll: float) -> Any:
    from azure.ai.ml import MLClient

    silence()
    cloud = (
        {} if access.local is None else {"cloud": _cloud_name(access), "cloud_metadata": _cloud_metadata(access.base)}
    )
    return MLClient(
        access.tokens.credential,
        access.where.subscription_id,
        access.where.resource_group,
        access.where.name,
        show_progress=True,  # never seen; without it the SDK waits for ever for a file whose upload failed
        enable_telemetry=False,
        polling_interval=poll,
        **_RETRIES,
        **cloud,
    )


def _monitor_client(access: WorkspaceAccess) -> Any:
    from azure.mgmt.monitor import MonitorManagementClient

    silence()
    credential: Any = access.tokens.credential
    return MonitorManagementClient(
        credential,
        access.where.subscription_id,
        base_url=access.base,
        credential_scopes=[access.scope],
        connection_verify=access.ca_file,
        **_RETRIES,
    )


def _ask_deployments_at(client: Any, version: str) -> None:
    """Make the SDK write deployments at this api-version: its own lacks fields that its models have."""
    deployments = client.online_deployments
    fixed = deployments._online_deployment
    settings = copy(fixed._config)
    settings.api_version = version
    deployments._online_deployment = type(fixed)(fixed._client, settings, fixed._serialize, fixed._deserialize)


def _cloud_name(access: WorkspaceAccess) -> str:
    """The name of the local cloud. The SDK caches clouds by name, so it contains the port."""
    return f"local-{urlsplit(access.base).port}"


def _cloud_metadata(base: str) -> Mapping[str, str]:
    """The SDK's metadata of the local cloud; storage is at `<account>.blob.local`; the account encodes the address."""
    names = ("azure_portal", "resource_manager", "active_directory", "aml_resource_id", "registry_discovery_endpoint")
    return {**dict.fromkeys(names, base), "storage_endpoint": "local"}


@contextmanager
def failures_as_refusals() -> Iterator[None]:
    """Turn the exceptions of azure-core and of the SDK into AzureRefused."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        raise AzureRefused(_of_response(error)) from error
    except AzureError as error:
        raise AzureRefused(_without_answer(error)) from error


def _of_response(error: Any) -> Refusal:
    """The refusal for an error response; that of a failed operation has status 200."""
    response = error.response
    if response is None:
        return Refusal(status=0, message=without_secrets(str(error.message)))
    refusal = read_refusal(response.status_code, response.text(), dict(response.headers))
    if refusal.message:
        return refusal
    return read_refusal(response.status_code, without_secrets(str(error.message)), dict(response.headers))


def _without_answer(error: Any) -> Refusal:
    """The refusal for an error without a response: status 0 if unreachable, 400 for the SDK's own validation."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    message = without_secrets(" ".join(str(error.message).split()))[:1000]
    unreachable = isinstance(error, ServiceRequestError | ServiceResponseError)
    return Refusal(status=0 if unreachable else 400, message=message)
