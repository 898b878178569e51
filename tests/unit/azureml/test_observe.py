"""What is read, how often, and how long one waits for what somebody changes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

from deployer.azureml.access import Reader
from deployer.azureml.arm import CONNECTIONS
from deployer.azureml.bookkeeping import Notes, tags_of
from deployer.azureml.kinds import deployment, endpoint, environment, model
from deployer.azureml.kinds.table import azure_asset
from deployer.azureml.observe import observe, read
from deployer.core.errors import Busy, SignInFailed, WorkspaceError
from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import BUSY_STATES, Kind, Ref, asset_ref, deployment_ref, endpoint_ref, traffic_ref
from deployer.core.workspace import Wanted
from tests.unit.azureml import fields, service
from tests.unit.azureml.fakes import BLUE, ENDPOINT, SETTINGS, Stand

LATEST = AssetReference(type=AssetType.MODEL, name="digits", label="latest")
CODE = f"/codes/{service.CODE_ID.split('/')[-3]}/versions/1"
ASSET = AssetReference(type=AssetType.CODE, name=service.CODE_ID.split("/")[-3], version="1")


def raw_endpoint(name: str, **tags: str) -> dict[str, Any]:
    body = {
        "identity": {"type": "SystemAssigned"},
        "tags": tags,
        "properties": {"authMode": "Key", "properties": {}, "traffic": {"blue": 100}},
    }
    return service.endpoint(body, name)


def raw_deployment(name: str, notes: Notes = Notes()) -> dict[str, Any]:  # noqa: B008 -- frozen
    properties = {
        "instanceType": "Standard_DS3_v2",
        "endpointComputeType": "Managed",
        "properties": {},
        "codeConfiguration": {"codeId": service.CODE_ID, "scoringScript": "score.py"},
    }
    body = {"tags": tags_of(notes), "sku": {"capacity": 2}, "properties": properties}
    return service.deployment(body, name)


def stand() -> Stand:
    made = Stand()
    made.arm.found = {
        ENDPOINT: raw_endpoint("digits", **tags_of(Notes(project="demo"))),
        "/onlineEndpoints/other": raw_endpoint("other"),
        BLUE: raw_deployment("blue"),
        CODE: {"properties": {"properties": {"hash_sha256": "abc"}}},
    }
    return made


@pytest.mark.parametrize("ref", [endpoint_ref("digits"), traffic_ref("digits"), deployment_ref("digits", "blue")])
def test_what_somebody_changes_is_read_when_it_has_settled(ref: Ref) -> None:
    made = stand()
    made.arm.states = [*sorted(BUSY_STATES), "Succeeded"]
    found = read(made.reader, ref, made.patience)
    assert found is not None
    assert found.seen.provisioning_state == "Succeeded"
    assert made.slept == [5.0] * len(BUSY_STATES)


@pytest.mark.parametrize("state", ["Failed", "Canceled", "Succeeded"])
def test_what_has_ended_is_read_at_once(state: str) -> None:
    made = stand()
    made.arm.states = [state]
    found = read(made.reader, endpoint_ref("digits"), made.patience)
    assert found is not None
    assert (found.seen.provisioning_state, made.slept) == (state, [])


def test_waiting_for_what_never_settles_ends() -> None:
    made = stand()
    made.arm.found[ENDPOINT]["properties"]["provisioningState"] = "Updating"
    with pytest.raises(Busy):
        read(made.reader, endpoint_ref("digits"), made.patience)


@pytest.mark.parametrize(
    "ref", [endpoint_ref("no"), traffic_ref("no"), deployment_ref("digits", "no"), Ref(kind=Kind.MODEL, name="no:1")]
)
def test_what_is_not_there_is_none(ref: Ref) -> None:
    made = stand()
    assert read(made.reader, ref, made.patience) is None
    assert made.slept == []


def test_versions_are_read_without_waiting() -> None:
    made = stand()
    made.arm.found["/models/digits/versions/1"] = {"properties": {"provisioningState": "Updating"}}
    assert read(made.reader, Ref(kind=Kind.MODEL, name="digits:1"), made.patience) is not None
    assert made.slept == []


def test_one_endpoint_is_read_by_its_name_with_its_traffic_and_deployments() -> None:
    made = stand()
    seen = observe(made.reader, Wanted(endpoints=frozenset({"digits"})))
    assert set(seen.resources) == {endpoint_ref("digits"), traffic_ref("digits"), deployment_ref("digits", "blue")}
    assert sorted(made.arm.log) == [
        (CODE, "2023-04-01"),
        (ENDPOINT, endpoint.API),
        (f"{ENDPOINT}/deployments", deployment.API),
    ]


def test_endpoints_are_found_by_name_and_by_project() -> None:
    made = stand()
    assert observe(made.reader, Wanted(project="demo")).endpoints() == ("digits",)
    both = Wanted(endpoints=frozenset({"other"}), project="demo")
    assert observe(made.reader, both).endpoints() == ("digits", "other")
    made.arm.found["/onlineEndpoints/strange"] = raw_endpoint("strange")
    two = Wanted(endpoints=frozenset({"other", "absent"}))
    assert observe(made.reader, two).endpoints() == ("other",)
    assert observe(made.reader, Wanted(project="nobody")).resources == {}
    assert set(made.arm.required) == {"/onlineEndpoints"}, "a workspace that is not there has no endpoints"
    made.arm.required.clear()
    assert observe(made.reader, Wanted(endpoints=frozenset({"other"}))).endpoints() == ("other",)
    assert made.arm.required == []


def test_deployments_of_an_endpoint_that_is_gone_do_not_count() -> None:
    made = stand()
    del made.arm.found[ENDPOINT]
    assert observe(made.reader, Wanted(endpoints=frozenset({"digits"}))).resources == {}


def test_nothing_is_read_where_nothing_is_wanted() -> None:
    made = stand()
    assert observe(made.reader, Wanted()).resources == {}
    assert made.arm.log == []


def test_assets_labels_and_code_are_read() -> None:
    made = stand()
    body = service.sent(model.entity(fields.model(), f"azureml://x/LocalUpload/{'cd' * 32}/m")._to_rest_object())
    made.arm.found |= {
        "/models/digits/versions/1": service.model(body),
        "/models/digits/versions": {"value": [{"name": "7"}]},
        "/environments/none/versions": {"value": []},
    }
    gone, none = Ref(kind=Kind.ENVIRONMENT, name="gone:1"), replace(LATEST, type=AssetType.ENVIRONMENT, name="none")
    prod = replace(LATEST, label="prod")
    wanted = Wanted(
        assets=frozenset({fields.model().ref, gone}),
        labels=frozenset({LATEST, none, prod}),
        codes=frozenset({ASSET}),
    )
    seen = observe(made.reader, wanted)
    assert dict(seen.resources) == {fields.model().ref: fields.model()}
    assert seen.references == {LATEST: replace(LATEST, version="7", label="")}
    assert seen.contents == {ASSET: "sha256:abc"}
    assert made.arm.queries == [{"$orderBy": "createdtime desc", "$top": "1"}] * 2
    assert ("/models/digits/versions", model.API) in made.arm.log
    assert ("/environments/none/versions", environment.API) in made.arm.log


def test_code_is_asked_for_once_and_not_at_all_where_our_note_is_valid() -> None:
    made = stand()
    for _ in range(2):
        read(made.reader, deployment_ref("digits", "blue"), made.patience)
    assert [path for path, _ in made.arm.log].count(CODE) == 1
    noted = stand()
    notes = Notes(code="sha256:noted", code_id=ASSET.bare)
    noted.arm.found[BLUE] = raw_deployment("blue", notes)
    found = read(noted.reader, deployment_ref("digits", "blue"), noted.patience)
    assert found is not None
    assert found.fields["code_configuration"] == {"code": "sha256:noted", "scoring_script": "score.py"}
    assert CODE not in [path for path, _ in noted.arm.log]


def test_code_that_no_client_hashed_is_known_by_its_name() -> None:
    made = stand()
    made.arm.found[CODE] = {"properties": {"properties": {}}}
    found = read(made.reader, deployment_ref("digits", "blue"), made.patience)
    assert found is not None
    assert found.fields["code_configuration"] == {"code": str(ASSET), "scoring_script": "score.py"}
    assert found.seen.code == ASSET


def test_once_one_read_fails_those_that_have_not_begun_never_do(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, asked = threading.Event(), list[str]()

    class Pool(ThreadPoolExecutor):
        """Whoever reads waits until the first pool that is shut down was told so."""

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            stopped.set()
            super().shutdown(wait=wait)

    class Arm:
        def get(self, path: str, _version: str) -> None:
            asked.append(path)
            if len(asked) == 1:
                raise WorkspaceError("no")
            stopped.wait()

    monkeypatch.setattr("deployer.azureml.observe.ThreadPoolExecutor", Pool)
    assets = frozenset(Ref(kind=Kind.MODEL, name=f"model:{number}") for number in range(100))
    with pytest.raises(WorkspaceError, match="no"):
        observe(Reader(arm=cast("Any", Arm()), where=service.WHERE), Wanted(assets=assets))
    assert len(asked) <= CONNECTIONS + 1


def test_an_asset_that_nobody_registered_has_no_newest_version() -> None:
    made = stand()
    versions = [
        {"name": name, "properties": {"modelUri": "azureml://jobs/a", "modelType": "custom_model"}} for name in "76"
    ]
    made.arm.found["/models/digits/versions"] = {"value": versions}
    newest = model.latest(made.reader, "digits")
    assert newest is not None
    assert (newest.ref, newest.seen.unknown) == (asset_ref(Kind.MODEL, "digits", "7"), (("path",),))
    assert model.latest(made.reader, "absent") is None


def test_an_asset_without_a_version_is_read_with_its_newest_one_and_the_number_of_the_next() -> None:
    made = stand()
    image = {"name": "4", "properties": {"image": "mine:1"}}
    made.arm.found["/environments/plain/versions"] = {"value": [image]}
    made.arm.found["/environments/plain"] = {"properties": {"nextVersion": "9"}}
    plain, absent = (
        AssetReference(type=AssetType.ENVIRONMENT, name=name, label="latest") for name in ("plain", "absent")
    )
    found = observe(made.reader, Wanted(drafts=frozenset({plain, absent})))
    assert found.references == {plain: replace(plain, version="4", label="")}
    assert found.next_versions == {plain: "9", absent: "1"}
    assert found.resources[asset_ref(Kind.ENVIRONMENT, "plain", "4")].fields["image"] == "mine:1"


def test_code_without_a_version_is_not_read() -> None:
    made = stand()
    labelled = AssetReference(type=AssetType.CODE, name="c", label="latest")
    assert observe(made.reader, Wanted(codes=frozenset({labelled}))).contents == {labelled: "azureml:c@latest"}
    assert made.arm.log == []


@pytest.mark.parametrize("kind", [Kind.ENDPOINT, Kind.DEPLOYMENT, Kind.TRAFFIC])
def test_only_assets_have_versions(kind: Kind) -> None:
    with pytest.raises(ValueError, match="has no versions"):
        azure_asset(kind)


def scaled(endpoint_name: str, deployment_name: str, **tags: str) -> dict[str, Any]:
    target = f"{service.HOME}/onlineEndpoints/{endpoint_name}/deployments/{deployment_name}"
    capacity = {"minimum": "1", "maximum": "3", "default": "1"}
    profiles = [{"name": "p", "capacity": capacity, "rules": []}]
    name = f"{endpoint_name}-{deployment_name}"
    return {"name": name, "tags": tags, "properties": {"targetResourceUri": target.upper(), "profiles": profiles}}


def with_settings(*, autoscaled: bool = False) -> Stand:
    made = stand()
    made.arm.found[ENDPOINT] = raw_endpoint("digits", **tags_of(Notes(project="demo", autoscaled=autoscaled)))
    for item in (scaled("digits", "blue"), scaled("gone", "red", **{"deployer-project": "demo"}), scaled("x", "y")):
        made.arm.found[f"{SETTINGS}{item['name']}"] = item
    elsewhere = {"targetResourceUri": "/subscriptions/s/virtualMachineScaleSets/v", "profiles": []}
    made.arm.found[f"{SETTINGS}vm"] = {"name": "vm", "properties": elsewhere}
    return made


def read_settings(made: Stand, *, autoscale: bool = False) -> set[str]:
    wanted = Wanted(endpoints=frozenset({"digits"}), project="demo", autoscale=autoscale)
    return {str(item.ref) for item in observe(made.reader, wanted).of_kind(Kind.AUTOSCALE)}


def test_settings_are_read_in_one_request_where_they_are_declared_or_noted() -> None:
    both = {"autoscale setting digits/blue", "autoscale setting gone/red"}
    declared, noted, neither = with_settings(), with_settings(autoscaled=True), with_settings()
    assert read_settings(declared, autoscale=True) == read_settings(noted) == both
    assert read_settings(neither) == set()
    asked = [
        sum(path.endswith("/autoscaleSettings") for path, _ in made.arm.log) for made in (declared, noted, neither)
    ]
    assert asked == [1, 1, 0]


def test_what_may_not_be_read_is_said_and_what_cannot_be_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = with_settings()
    wanted = Wanted(endpoints=frozenset({"digits"}), autoscale=True)

    def refuse(error: WorkspaceError) -> None:
        def pages_at(_path: str, _version: str) -> Any:
            raise error

        monkeypatch.setattr(made.arm, "pages_at", pages_at)

    refuse(SignInFailed("you may not"))
    seen = observe(made.reader, wanted)
    assert (seen.unread, seen.of_kind(Kind.AUTOSCALE)) == ("you may not", ())
    assert seen.get(endpoint_ref("digits"))
    refuse(WorkspaceError("it broke"))
    with pytest.raises(WorkspaceError, match="it broke"):
        observe(made.reader, wanted)
