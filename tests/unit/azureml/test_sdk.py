"""The SDK at work: its failures become refusals, and it writes deployments at the api-version we ask for."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

from deployer.azureml.client import BearerTokens, Token, WorkspaceAccess
from deployer.azureml.kinds import deployment
from deployer.azureml.refusal import Refusal
from deployer.azureml.retry import AzureRefused, Patience
from deployer.azureml.sdk import Sdk, failures_as_refusals
from deployer.core.coordinates import LocalServer
from deployer.core.errors import Busy, Unreachable, WorkspaceError
from tests.unit.azureml.service import HOME, WHERE


class Credential:
    """Gives no token: nothing is contacted."""

    def get_token(self, *_scopes: str, **_options: Any) -> Token:
        raise AssertionError("something was contacted")


def sdk(client: object = None) -> tuple[Sdk, list[float]]:
    slept: list[float] = []
    patience = Patience(busy=10, broken=3, clock=lambda: sum(slept), sleep=slept.append)
    access = WorkspaceAccess(
        where=WHERE, base="https://management.azure.com", home=HOME, tokens=BearerTokens(Credential())
    )
    made = Sdk(access, patience, deployments_api=deployment.API)
    made._client = client
    return made, slept


def refused(status: int, message: str = "no") -> HttpResponseError:
    response: Any = SimpleNamespace(
        status_code=status, headers={}, reason="", text=lambda: f'{{"error": {{"message": "{message}"}}}}'
    )
    return HttpResponseError(response=response)


def test_deployments_are_asked_for_at_a_version_that_has_all_fields_and_endpoints_at_the_sdks_own() -> None:
    made, _ = sdk()
    made.wake()
    client = made._client
    assert client.online_deployments._online_deployment._config.api_version == deployment.API
    assert client.online_endpoints._online_operation._config.api_version != deployment.API


@pytest.mark.parametrize(
    ("error", "kind", "seconds"),
    [
        (refused(423), Busy, 10),
        (refused(409), Busy, 10),
        (refused(429), Busy, 10),
        (refused(400, "because it is in Updating provisioning state"), Busy, 10),
        (refused(400), WorkspaceError, 0),
        (refused(503), WorkspaceError, 3),
        (ServiceRequestError("no route"), Unreachable, 3),
    ],
    ids=str,
)
def test_an_operation_is_begun_once_and_its_error_says_how_long_another_try_may_help(
    error: Exception, kind: type[WorkspaceError], seconds: float
) -> None:
    begun = 0

    def begin(_client: object) -> object:
        nonlocal begun
        begun += 1
        raise error

    made, slept = sdk(object())
    with pytest.raises(WorkspaceError) as caught:
        made.operate("write it", begin)
    assert (type(caught.value), caught.value.retry_seconds, begun, slept) == (kind, seconds, 1, [])


def test_what_azure_asks_to_wait_is_told() -> None:
    def begin(_client: object) -> object:
        raise HttpResponseError(response=response(429, "{}"))

    made, _ = sdk(object())
    with pytest.raises(Busy) as caught:
        made.operate("write it", begin)
    assert caught.value.retry_after == 7.0


class Poller:
    """The poller of an operation; what it ends with is not there to be read."""

    def __init__(self, done: bool) -> None:
        self.done = lambda: done

    def wait(self, seconds: float) -> None:
        self.waited = seconds

    def result(self) -> object:
        raise ResourceNotFoundError("not shown yet")


def test_an_operation_that_has_ended_may_not_show_its_resource_yet() -> None:
    made, _ = sdk(object())
    poller = Poller(done=True)
    made.operate("write it", lambda _client: poller)
    assert poller.waited == made.patience.operation


def test_an_operation_that_does_not_end_is_said_to_run_on() -> None:
    made, _ = sdk(object())
    with pytest.raises(Busy, match="still running after 120 minutes"):
        made.operate("write it", lambda _client: Poller(done=False))


@pytest.mark.parametrize(("status", "retry"), [(409, False), (400, False), (423, True), (429, True), (503, True)])
def test_an_asset_may_be_written_again_but_for_a_conflict(status: int, retry: bool) -> None:
    def work(_client: object) -> object:
        raise refused(status)

    made, slept = sdk(object())
    with pytest.raises(WorkspaceError) as caught:
        made.call("register it", cast("Any", work))
    assert (caught.value.retry_seconds > 0, slept) == (retry, [])


def test_the_answer_of_a_call_is_given_back() -> None:
    client = object()
    made, _ = sdk(client)
    assert made.call("register it", lambda given: given) is client


def refusal_of(error: Exception) -> Refusal:
    with pytest.raises(AzureRefused) as caught, failures_as_refusals():
        raise error
    return caught.value.refusal


def response(status: int, body: str) -> Any:
    return SimpleNamespace(status_code=status, headers={"Retry-After": "7"}, reason="", text=lambda: body)


def test_what_azure_answered_is_told_and_where_that_says_nothing_what_the_sdk_says() -> None:
    said = refusal_of(HttpResponseError(response=response(429, '{"error": {"code": "Slow", "message": "too many"}}')))
    assert (said.status, said.code, said.message, said.retry_after) == (429, "Slow", "too many.", 7.0)
    silent = refusal_of(HttpResponseError("ResourceNotReady: x?sig=abc", response=response(200, "")))
    assert (silent.status, silent.message, silent.retry_after) == (200, "ResourceNotReady: x?sig=***", 7.0)
    nothing = refusal_of(HttpResponseError("no answer from x?sig=abc"))
    assert (nothing.status, nothing.message) == (0, "no answer from x?sig=***")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ServiceRequestError("no  route\nto x?sig=abc"), 0),
        (ServiceResponseError("no  route\nto x?sig=abc"), 0),
        (AzureError("no  route\nto x?sig=abc"), 400),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_without_an_answer_is_one_line_without_secrets(error: Exception, status: int) -> None:
    said = refusal_of(error)
    assert (said.status, said.message) == (status, "no route to x?sig=***")
    assert len(refusal_of(type(error)("x" * 2000)).message) == 1000


class Operations:
    """What the SDK uses to speak about deployments, at one api-version."""

    def __init__(self, *parts: Any) -> None:
        self._client, self._config, self._serialize, self._deserialize = parts


@dataclass
class Client:
    """In the place of MLClient: how it was made, and in which environment."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    environment: dict[str, str]

    @property
    def online_deployments(self) -> Any:
        return self._deployments

    def __post_init__(self) -> None:
        self.config = SimpleNamespace(api_version="old")
        self._deployments = SimpleNamespace(_online_deployment=Operations("c", self.config, "s", "d"))


VARIABLES = ("AZUREML_CURRENT_CLOUD", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "no_proxy", "NO_PROXY")
RETRIES = {
    "retry_total": 4,
    "retry_connect": 2,
    "retry_read": 2,
    "retry_status": 4,
    "retry_backoff_factor": 0.2,
    "retry_backoff_max": 10,
}


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    made: list[Client] = []

    def make(*arguments: Any, **options: Any) -> Client:
        made.append(Client(arguments, options, environment()))
        os.environ["AZUREML_CURRENT_CLOUD"] = "set by the SDK"
        return made[-1]

    monkeypatch.setattr("azure.ai.ml.MLClient", make)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return made


def local_sdk(folder: Path) -> Sdk:
    (folder / "ca.pem").write_text("our CA")
    server = LocalServer(api="", page="", ca_file=folder / "ca.pem", token_file=folder / "token")
    tokens = BearerTokens(Credential())
    access = WorkspaceAccess(where=WHERE, base="https://127.0.0.1:8443", home=HOME, tokens=tokens, local=server)
    return Sdk(access, Patience(poll=0.2), deployments_api="new")


def test_the_client_of_azure_is_made_once_without_telemetry_and_leaves_the_environment_alone(
    clients: list[Client],
) -> None:
    logging.getLogger("azure").setLevel(logging.NOTSET)
    made, _ = sdk()
    seen = [made.call("look", lambda client: (client, environment())) for _ in range(2)]
    (client,) = clients
    assert seen == [(client, {})] * 2
    assert client.arguments[1:] == (WHERE.subscription_id, WHERE.resource_group, WHERE.name)
    assert isinstance(client.arguments[0], Credential)
    options = {"show_progress": True, "enable_telemetry": False, "polling_interval": 5.0}
    assert client.options == options | RETRIES
    assert (client.environment, environment()) == ({}, {})
    assert not logging.getLogger("azure").isEnabledFor(logging.CRITICAL)


def test_the_sdk_speaks_about_deployments_at_our_version_and_about_the_rest_at_its_own(clients: list[Client]) -> None:
    made, _ = sdk()
    made.wake()
    asked = clients[0].online_deployments._online_deployment
    assert (asked._client, asked._config.api_version, asked._serialize) == ("c", deployment.API, "s")
    assert (asked._deserialize, clients[0].config.api_version) == ("d", "old")


def test_the_client_of_the_local_workspace_knows_its_cloud(clients: list[Client], tmp_path: Path) -> None:
    local_sdk(tmp_path).wake()
    (client,) = clients
    base = "https://127.0.0.1:8443"
    cloud = {
        "cloud": "local-8443",
        "cloud_metadata": {
            "azure_portal": base,
            "resource_manager": base,
            "active_directory": base,
            "aml_resource_id": base,
            "registry_discovery_endpoint": base,
            "storage_endpoint": "local",
        },
    }
    assert {name: client.options[name] for name in cloud} == cloud
    assert client.options["polling_interval"] == 0.2
    assert client.environment["AZUREML_CURRENT_CLOUD"] == "AzureCloud"


def test_while_the_sdk_works_it_trusts_the_local_workspace_and_goes_round_proxies(
    clients: list[Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs.pem").write_text("their CAs")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "theirs.pem"))
    before = environment()
    during = local_sdk(tmp_path).call("look", lambda _client: (environment(), Path(os.environ["REQUESTS_CA_BUNDLE"])))
    bundle = during[1]
    assert during[0] == {
        "AZUREML_CURRENT_CLOUD": "local-8443",
        "REQUESTS_CA_BUNDLE": str(bundle),
        "no_proxy": "127.0.0.1",
        "NO_PROXY": "127.0.0.1",
    }
    assert clients[0].environment == during[0] | {"AZUREML_CURRENT_CLOUD": "AzureCloud"}
    assert environment() == before


@pytest.mark.parametrize(
    ("variables", "direct"),
    [
        ({"no_proxy": "a"}, "a,127.0.0.1"),
        ({"NO_PROXY": "b"}, "b,127.0.0.1"),
        ({"no_proxy": "a", "NO_PROXY": "b"}, "a,127.0.0.1"),
    ],
)
@pytest.mark.usefixtures("clients")
def test_hosts_without_a_proxy_stay_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], direct: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    during = local_sdk(tmp_path).call("look", lambda _client: environment())
    assert (during["no_proxy"], during["NO_PROXY"]) == (direct, direct)


@pytest.mark.usefixtures("clients")
def test_the_bundle_has_their_certificates_and_ours_and_goes_with_the_sdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs.pem").write_text("their CAs")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "theirs.pem"))
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    for gone_already in (False, True):
        made = local_sdk(tmp_path)
        bundle = Path(made.call("look", lambda _client: os.environ["REQUESTS_CA_BUNDLE"]))
        assert bundle.read_text() == "their CAs\nour CA"
        assert bundle.parent.name.startswith("deployer-")
        if gone_already:
            shutil.rmtree(bundle.parent)
        del made
        assert (bundle.parent.exists(), complaints) == (False, [])
