"""The SDK at work: its failures become refusals, and it writes deployments at the api-version we ask for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError

from deployer.azureml.client import BearerTokens, Token, WorkspaceAccess
from deployer.azureml.kinds import deployment
from deployer.azureml.retry import Patience
from deployer.azureml.sdk import Sdk
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
    ("error", "kind", "waited"),
    [
        (refused(423), Busy, True),
        (refused(409), Busy, True),
        (refused(400, "because it is in Updating provisioning state"), Busy, True),
        (refused(400), WorkspaceError, False),
        (refused(503), WorkspaceError, True),
        (ServiceRequestError("no route"), Unreachable, True),
    ],
    ids=str,
)
def test_what_passes_is_tried_again_and_what_does_not_is_told(
    error: Exception, kind: type[WorkspaceError], waited: bool
) -> None:
    def begin(_client: object) -> object:
        raise error

    made, slept = sdk(object())
    with pytest.raises(WorkspaceError) as caught:
        made.operate("write it", begin)
    assert (type(caught.value), bool(slept)) == (kind, waited)


class Poller:
    def __init__(self, done: bool) -> None:
        self.done = lambda: done

    def wait(self, _seconds: float) -> None: ...

    def result(self) -> object:
        raise ResourceNotFoundError("not shown yet")


def test_an_operation_that_has_ended_may_not_show_its_resource_yet() -> None:
    made, _ = sdk(object())
    made.operate("write it", lambda _client: Poller(done=True))


def test_an_operation_that_does_not_end_is_said_to_run_on() -> None:
    made, _ = sdk(object())
    with pytest.raises(Busy, match="still running after 120 minutes"):
        made.operate("write it", lambda _client: Poller(done=False))


def test_a_conflict_of_an_asset_is_final() -> None:
    def work(_client: object) -> object:
        raise refused(409)

    made, slept = sdk(object())
    with pytest.raises(Busy):
        made.call("register it", cast("Any", work))
    assert slept == []
