"""The SDK at work: one MLClient, made when something is first written, and its failures told as refusals."""

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

from deployer.azureml.client import Site, trusted_bundle
from deployer.azureml.refusal import Refusal, read_refusal, without_secrets
from deployer.azureml.retry import Patience, Refused, insist
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
"""Kept short: what lasts longer is tried again by us, where it is known what the answer means."""


_KNOWN_CLOUD = "AzureCloud"
"""The import fails where an inherited AZUREML_CURRENT_CLOUD names the local cloud of some other process."""


class Sdk:
    """azure-ai-ml for one workspace. Safe for many threads: they share one client, and uploads of code take turns."""

    def __init__(self, site: Site, patience: Patience, *, deployments_api: str) -> None:
        self.patience = patience
        self._deployments_api = deployments_api
        self.uploading = threading.Lock()
        self._site = site
        self._lock = threading.Lock()
        self._client: Any = None
        self._settings: Mapping[str, str] = {}

    def wake(self) -> None:
        """Import the SDK, in one thread: its packages import each other in circles, which two at once cannot do."""
        self._ml_client()

    def call(self, what: str, work: Callable[[Any], T]) -> T:
        """`work(ml_client)`, tried again while Azure is busy. Raises WorkspaceError; `what` says what was attempted."""
        return insist(self.patience, what, lambda: self._attempt(work), conflict_passes=False)

    def operate(self, what: str, begin: Callable[[Any], Any]) -> None:
        """Begin a long-running operation and wait for its end."""
        insist(self.patience, what, lambda: self._attempt(lambda client: self._finish(begin(client), what)))

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
        """The one client. The SDK looks up its cloud when imported, and registers ours when the client is made."""
        with self._lock:
            if self._client is None:
                settings = self._local_settings(self._site.local.ca_file) if self._site.local else {}
                with sdk_at_work({**settings, _CLOUD: _KNOWN_CLOUD if self._site.local else None}):
                    client = _make_client(self._site, self.patience.poll)
                    _ask_deployments_at(client, self._deployments_api)
                    self._client = client
                self._settings = settings | ({_CLOUD: _cloud_name(self._site)} if self._site.local else {})
            return self._client

    def _local_settings(self, ca_file: Path) -> dict[str, str]:
        """The SDK's blob client takes from the environment alone which certificates to trust, and when to go direct."""
        folder = Path(tempfile.mkdtemp(prefix="deployer-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        bundle = folder / "ca-bundle.pem"
        bundle.write_text(f"{Path(trusted_bundle()).read_text()}\n{ca_file.read_text()}")
        direct = ",".join(filter(None, (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1")))
        return {"REQUESTS_CA_BUNDLE": str(bundle), "no_proxy": direct, "NO_PROXY": direct}


def _make_client(site: Site, poll: float) -> Any:
    from azure.ai.ml import MLClient

    silence()
    cloud = {} if site.local is None else {"cloud": _cloud_name(site), "cloud_metadata": _cloud_metadata(site.base)}
    return MLClient(
        site.tokens.credential,
        site.where.subscription_id,
        site.where.resource_group,
        site.where.name,
        show_progress=True,  # never seen; without it the SDK waits for ever for a file whose upload failed
        enable_telemetry=False,
        polling_interval=poll,
        **_RETRIES,
        **cloud,
    )


def _ask_deployments_at(client: Any, version: str) -> None:
    """Let the SDK write deployments at this api-version: the one it is fixed at lacks fields that its models have."""
    deployments = client.online_deployments
    fixed = deployments._online_deployment
    settings = copy(fixed._config)
    settings.api_version = version
    deployments._online_deployment = type(fixed)(fixed._client, settings, fixed._serialize, fixed._deserialize)


def _cloud_name(site: Site) -> str:
    """The SDK keeps the first cloud of a name for the life of the process, so the name holds the port."""
    return f"local-{urlsplit(site.base).port}"


def _cloud_metadata(base: str) -> Mapping[str, str]:
    """All the SDK asks of a cloud; storage is at `<account>.blob.local`, where the account name holds the address."""
    names = ("azure_portal", "resource_manager", "active_directory", "aml_resource_id", "registry_discovery_endpoint")
    return {**dict.fromkeys(names, base), "storage_endpoint": "local"}


@contextmanager
def failures_as_refusals() -> Iterator[None]:
    """Turn the exceptions of azure-core and of the SDK into Refused."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        raise Refused(_of_response(error)) from error
    except AzureError as error:
        raise Refused(_without_answer(error)) from error


def _of_response(error: Any) -> Refusal:
    """A refused request, or an operation that ended badly; the answer of the latter is a 200."""
    response = error.response
    if response is None:
        return Refusal(status=0, message=without_secrets(str(error.message)))
    refusal = read_refusal(response.status_code, response.text(), dict(response.headers))
    if refusal.message:
        return refusal
    return read_refusal(response.status_code, without_secrets(str(error.message)), dict(response.headers))


def _without_answer(error: Any) -> Refusal:
    """Nothing answered; or, for the SDK's own exceptions, something is wrong with what it was given."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    message = without_secrets(" ".join(str(error.message).split()))[:1000]
    unreachable = isinstance(error, ServiceRequestError | ServiceResponseError)
    return Refusal(status=0 if unreachable else 400, message=message)
