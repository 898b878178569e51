"""Every write to a workspace: what is sent, what is kept, and what is refused before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployer.authoring.canonical import canonical
from deployer.azureml.bookkeeping import Notes, read_notes, tags_of
from deployer.azureml.execute import execute
from deployer.azureml.kinds.uploads import uploaded_as
from deployer.azureml.logs import failed_with_logs
from deployer.core.bookkeeping import Bookkeeping, Earlier
from deployer.core.errors import NotFound, OperationFailed, WorkspaceError
from deployer.core.plan import Action, Step
from deployer.core.resources import (
    KeyPath,
    Kind,
    Ref,
    Resource,
    Value,
    autoscale_ref,
    deployment_ref,
    endpoint_ref,
    traffic_ref,
)
from tests.unit.azureml import fields, service
from tests.unit.azureml.fakes import BLUE, ENDPOINT, Stand, answer

PUT_ENDPOINT, PUT_BLUE = f"PUT {ENDPOINT}", f"PUT {BLUE}"
FIELD: KeyPath = ("code_configuration", "code")
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
splits = st.dictionaries(st.sampled_from(["blue", "green", "red"]), st.integers(1, 100), max_size=3)


def live_endpoint(traffic: dict[str, int], mirror: dict[str, int] | None = None, **notes: Any) -> dict[str, Any]:
    body = {
        "identity": {"type": "SystemAssigned"},
        "tags": {"team": "a", **tags_of(Notes(**notes))},
        "properties": {"authMode": "Key", "properties": {}, "traffic": traffic, "mirrorTraffic": mirror or {}},
    }
    return service.endpoint(body, "digits")


def stand(
    traffic: dict[str, int] | None = None,
    mirror: dict[str, int] | None = None,
    *,
    deployments: tuple[str, ...] = (),
    **notes: Any,
) -> Stand:
    made = Stand()
    made.arm.found |= {f"{ENDPOINT}/deployments/{name}": {"name": name} for name in deployments}
    if traffic is not None:
        made.arm.found[ENDPOINT] = live_endpoint(traffic, mirror, **notes)
    return made


def traffic(**maps: Any) -> Resource:
    return Resource(ref=traffic_ref("digits"), fields=maps)


def do(made: Stand, after: Resource, action: Action = Action.UPDATE, noted: Bookkeeping | None = None) -> None:
    execute(made.writer, Step(action=action, ref=after.ref, after=after, bookkeeping=noted))


def the_split(made: Stand) -> tuple[dict[str, int], dict[str, int]]:
    (body,) = made.bodies(PUT_ENDPOINT)
    return body["properties"]["traffic"], body["properties"]["mirrorTraffic"]


def setting(high: int = 3) -> Resource:
    """The autoscale setting of blue, as canonical specs have it."""
    made = canonical(Kind.AUTOSCALE, {"min": 1, "max": high, "cpu": "70%"})
    return Resource(ref=autoscale_ref("digits", "blue"), fields=made)


@many
@given(splits, splits)
def test_a_first_setting_is_noted_on_its_endpoint_with_the_live_split(
    live: dict[str, int], mirror: dict[str, int]
) -> None:
    made = stand(live, mirror, rollout="abc:10", project="demo")
    do(made, setting())
    assert the_split(made) == (live, mirror)
    (body,) = made.bodies(PUT_ENDPOINT)
    notes = read_notes(body["tags"])
    assert (notes.autoscaled, notes.rollout, body["tags"]["team"]) == (True, "abc:10", "a")
    assert made.written[0] == PUT_ENDPOINT
    assert made.written[1].startswith("PUT /autoscaleSettings/deployer-")


def test_another_setting_is_one_write_under_the_name_that_it_has() -> None:
    made = stand({"blue": 100}, autoscaled=True, project="demo")
    do(made, setting())
    (first,) = made.written
    made.arm.found["/autoscaleSettings/theirs"] = {**made.arm.found.pop(first.removeprefix("PUT ")), "name": "theirs"}
    do(made, setting(high=5))
    assert made.written == [first, "PUT /autoscaleSettings/theirs"]
    (body,) = made.bodies("PUT /autoscaleSettings/theirs")
    assert body["tags"] == {"deployer-project": "demo"}
    assert body["properties"]["profiles"][0]["capacity"]["maximum"] == "5"


def test_a_setting_for_an_endpoint_that_is_gone_is_not_written() -> None:
    made = stand()
    with pytest.raises(NotFound, match="endpoint digits no longer exists"):
        do(made, setting())
    assert made.written == []


@pytest.mark.parametrize(("outlived", "left"), [(True, False), (False, True)])
def test_the_last_setting_of_what_stays_takes_its_note_along(outlived: bool, left: bool) -> None:
    made = stand({"blue": 100}, autoscaled=True, project="demo")
    do(made, setting())
    (put,) = made.written
    execute(made.writer, Step(action=Action.DELETE, ref=setting().ref, outlived=outlived))
    assert made.written[1] == put.replace("PUT", "DELETE")
    assert read_notes(made.arm.found[ENDPOINT]["tags"]).autoscaled is left
    assert [what for what in made.written[2:]] == ([] if left else [PUT_ENDPOINT])


def test_a_setting_that_is_gone_already_is_no_error() -> None:
    made = stand({"blue": 100}, autoscaled=True, project="demo")
    execute(made.writer, Step(action=Action.DELETE, ref=setting().ref))
    assert made.written == []


@many
@given(splits, splits, st.sampled_from([None, "azureml:cluster"]))
def test_a_write_of_an_endpoint_carries_the_live_split(
    live: dict[str, int], mirror: dict[str, int], compute: str | None
) -> None:
    made = stand(live, mirror)
    do(made, fields.endpoint(compute=compute))
    assert the_split(made) == (live, mirror)


@many
@given(
    splits,
    splits,
    st.fixed_dictionaries({}, optional={"traffic": splits, "mirror_traffic": splits}),
)
def test_a_write_of_traffic_carries_the_split_of_its_step_and_the_live_one_for_the_rest(
    live: dict[str, int], mirror: dict[str, int], wanted: dict[str, Any]
) -> None:
    made = stand(live, mirror)
    do(made, traffic(**wanted))
    assert the_split(made) == (wanted.get("traffic", live), wanted.get("mirror_traffic", mirror))


def test_traffic_is_taken_away_only_by_a_step_that_says_so() -> None:
    made = stand({"blue": 100}, {"green": 5})
    execute(made.writer, Step(action=Action.DELETE, ref=traffic_ref("digits")))
    assert the_split(made) == ({}, {})
    replaced = stand({"blue": 100})
    do(replaced, traffic(traffic={"blue": 90, "green": 10}), Action.REPLACE)
    assert the_split(replaced)[0] == {"blue": 90, "green": 10}, "there was a write in between"


def test_a_new_endpoint_is_put_with_no_traffic() -> None:
    made = stand()
    do(made, fields.endpoint(), Action.CREATE)
    assert the_split(made) == ({}, {})


def test_an_endpoint_is_read_once_it_has_settled_so_that_its_split_is_the_last_one() -> None:
    made = stand({"blue": 100})
    made.arm.states = ["Updating", "Creating", "Succeeded"]
    do(made, fields.endpoint())
    assert made.slept == [5.0, 5.0]
    assert the_split(made)[0] == {"blue": 100}


def notes_sent(made: Stand, what: str = PUT_ENDPOINT) -> Notes:
    (body,) = made.bodies(what)
    return read_notes(body["tags"])


def test_our_notes_go_with_the_change_they_describe() -> None:
    made = stand({"blue": 100}, project="old", previous={"red": 100}, rollout="abc:10", protected=True)
    do(made, fields.endpoint(tags={"team": "b"}))
    kept = Notes(project="demo", previous={"red": 100}, rollout="abc:10", protected=False)
    assert notes_sent(made) == kept
    assert made.bodies(PUT_ENDPOINT)[0]["tags"]["team"] == "b"


def test_an_endpoint_is_protected_by_the_write_that_says_so() -> None:
    made = stand({})
    do(made, fields.endpoint(**{"x-protect": True}))
    assert notes_sent(made).protected


def test_a_write_of_traffic_notes_what_its_step_says() -> None:
    made = stand({"blue": 100}, protected=True)
    noted = Bookkeeping(previous_split={"red": 100}, rollout="abc:10")
    do(made, traffic(traffic={"blue": 90, "green": 10}), noted=noted)
    assert notes_sent(made) == Notes(project="demo", previous={"red": 100}, rollout="abc:10", protected=True)


A, B = "1.0123456789ab.0123456789ab", "1.ba9876543210.0123456789ab"


def test_verdicts_are_noted_beside_those_that_they_do_not_contradict() -> None:
    made = stand({"blue": 100}, deployments=("blue", "green"), tested={"blue": A, "green": A}, failed={"green": B})
    do(made, Resource(ref=traffic_ref("digits"), fields={}), noted=Bookkeeping(tested={"green": B}, failed={"blue": A}))
    sent = notes_sent(made)
    assert (sent.tested, sent.failed) == ({"green": B}, {"blue": A})
    assert the_split(made)[0] == {"blue": 100}


def test_verdicts_on_deployments_that_are_gone_are_dropped() -> None:
    made = stand({"blue": 100}, deployments=("blue",), tested={"old": A}, failed={"old": B})
    do(made, Resource(ref=traffic_ref("digits"), fields={}), noted=Bookkeeping(tested={"blue": A}))
    assert (notes_sent(made).tested, notes_sent(made).failed) == ({"blue": A}, {})


def test_other_writes_keep_the_verdicts() -> None:
    made = stand({"blue": 100}, tested={"blue": A}, failed={"blue": B})
    do(made, fields.endpoint(tags={"team": "b"}))
    assert (notes_sent(made).tested, notes_sent(made).failed) == ({"blue": A}, {"blue": B})
    moved = stand({"blue": 100}, tested={"blue": A}, failed={"blue": B})
    do(moved, traffic(traffic={}), noted=Bookkeeping())
    assert (notes_sent(moved).tested, notes_sent(moved).failed) == ({"blue": A}, {"blue": B})


def test_an_update_notes_what_it_replaces_and_the_next_one_forgets_it() -> None:
    made = stand({})
    before = Earlier(model="azureml:digits:1", others=("environment_variables.A",))
    do(made, without_code(), noted=Bookkeeping(earlier=before))
    assert notes_sent(made, PUT_BLUE).earlier == before
    again = stand({})
    do(again, without_code())
    assert notes_sent(again, PUT_BLUE).earlier is None


def test_a_write_of_traffic_without_notes_remembers_the_split_before() -> None:
    made = stand({"blue": 100}, previous={"red": 100}, rollout="abc:10")
    do(made, traffic(traffic={"green": 100}))
    assert notes_sent(made) == Notes(project="demo", previous={"blue": 100})
    same = stand({"blue": 100}, previous={"red": 100}, rollout="abc:10")
    do(same, traffic(traffic={"blue": 100}))
    assert notes_sent(same) == Notes(project="demo", previous={"red": 100})


def test_a_write_of_traffic_keeps_the_endpoint_as_it_is() -> None:
    made = stand({"blue": 100})
    live = made.arm.found[ENDPOINT]
    live["properties"] |= {"authMode": "AMLToken", "description": "mine", "publicNetworkAccess": "Disabled"}
    do(made, traffic(traffic={}))
    (body,) = made.bodies(PUT_ENDPOINT)
    sent = body["properties"]
    assert (sent["authMode"], sent["description"]) == ("AMLToken", "mine")
    assert sent["publicNetworkAccess"].lower() == "disabled"
    assert body["tags"]["team"] == "a"


def test_traffic_of_an_endpoint_that_is_gone_is_not_written() -> None:
    made = stand()
    with pytest.raises(NotFound, match="endpoint digits no longer exists"):
        do(made, traffic(traffic={"blue": 100}))
    assert made.written == []


def without_code(**more: Any) -> Resource:
    return fields.deployment(code_configuration=None, **more)


def test_a_deployment_is_written_with_its_notes() -> None:
    made = stand({})
    settings = {**fields.DEPLOYMENT["request_settings"], "max_queue_wait_ms": 700}
    do(made, without_code(request_settings=settings, model_mount_path="/m"), Action.CREATE)
    sent: dict[str, Value] = {"request_settings.max_queue_wait_ms": 700, "model_mount_path": "/m"}
    assert notes_sent(made, PUT_BLUE) == Notes(project="demo", sent=sent)


def test_a_field_that_the_entity_does_not_know_is_written_all_the_same() -> None:
    made = stand({})
    do(made, without_code(startup_probe={**fields.PROBE, "failure_threshold": 60}), Action.CREATE)
    (body,) = made.bodies(PUT_BLUE)
    assert body["properties"]["startupProbe"] == service.PROBE | {"failureThreshold": 60}
    bare = stand({})
    do(bare, without_code(), Action.CREATE)
    assert "startupProbe" not in bare.bodies(PUT_BLUE)[0]["properties"]


def test_what_runs_on_kubernetes_is_not_sent_the_fields_of_managed_machines() -> None:
    made = stand({})
    do(made, fields.endpoint(compute="azureml:cluster"))
    do(made, without_code(type="kubernetes", instance_type=None), Action.CREATE)
    assert "publicNetworkAccess" not in made.bodies(PUT_ENDPOINT)[0]["properties"]
    assert "egressPublicNetworkAccess" not in made.bodies(PUT_BLUE)[0]["properties"]
    managed = stand({})
    do(managed, fields.endpoint())
    do(managed, without_code(), Action.CREATE)
    assert managed.bodies(PUT_ENDPOINT)[0]["properties"]["publicNetworkAccess"] == "enabled"
    assert managed.bodies(PUT_BLUE)[0]["properties"]["egressPublicNetworkAccess"] == "enabled"


def test_a_deployment_is_replaced_by_deleting_it_first() -> None:
    made = stand({"green": 100})
    do(made, without_code(), Action.CREATE)
    do(made, without_code(), Action.REPLACE)
    assert made.written == [PUT_BLUE, f"DELETE {BLUE}", PUT_BLUE]


@pytest.mark.parametrize("ref", [endpoint_ref("digits"), deployment_ref("digits", "blue")], ids=str)
def test_only_what_the_step_names_is_deleted(ref: Ref) -> None:
    made = stand({"green": 100})
    for name in ("blue", "green"):
        do(made, replace(without_code(), ref=deployment_ref("digits", name)), Action.CREATE)
    made.client.writes.clear()
    execute(made.writer, Step(action=Action.DELETE, ref=ref))
    assert made.written == [f"DELETE {ENDPOINT if ref.kind is Kind.ENDPOINT else BLUE}"]


def test_a_delete_waits_until_the_resource_has_settled_and_is_gone() -> None:
    made = stand({})
    made.arm.states = ["Updating", "Succeeded"]
    execute(made.writer, Step(action=Action.DELETE, ref=endpoint_ref("digits")))
    assert (made.slept, made.written) == ([5.0], [f"DELETE {ENDPOINT}"])
    assert ENDPOINT not in made.arm.found
    lingering = stand({})
    lingering.arm.lingers = 3
    execute(lingering.writer, Step(action=Action.DELETE, ref=endpoint_ref("digits")))
    assert (lingering.slept, lingering.arm.lingers) == ([5.0] * 3, 0)


def test_what_is_gone_already_counts_as_deleted() -> None:
    made = stand()
    execute(made.writer, Step(action=Action.DELETE, ref=endpoint_ref("digits")))
    assert made.slept == []


@pytest.mark.parametrize("after", [fields.model(), fields.environment()], ids=lambda item: str(item.ref))
def test_versions_are_never_deleted(after: Resource) -> None:
    made = stand()
    with pytest.raises(ValueError, match="versions of assets stay"):
        do(made, after, Action.REPLACE)
    assert made.written == []


def test_a_test_step_writes_nothing() -> None:
    made = stand({})
    with pytest.raises(ValueError, match="writes nothing"):
        do(made, without_code(), Action.TEST)
    with pytest.raises(ValueError, match="does not say"):
        execute(made.writer, Step(action=Action.UPDATE, ref=endpoint_ref("digits")))
    assert made.written == []


def code_folder(root: Path) -> tuple[Stand, str]:
    from azure.ai.ml._utils._asset_utils import get_content_hash, get_ignore_file

    folder = root / "code"
    folder.mkdir()
    (folder / "score.py").write_text("def run(data): ...\n")
    return Stand(root=root), f"sha256:{get_content_hash(folder, get_ignore_file(folder))}"


def with_code(content: str, folder: str | None = None) -> Resource:
    made = fields.deployment(code_configuration={"code": content, "scoring_script": "score.py"})
    return replace(made, sources={FIELD: folder} if folder else {})


def code_id_sent(made: Stand) -> str:
    (body,) = made.bodies(PUT_BLUE)
    return str(body["properties"]["codeConfiguration"]["codeId"])


def test_code_is_uploaded_and_named_by_the_asset_it_became(tmp_path: Path) -> None:
    made, content = code_folder(tmp_path)
    do(made, with_code(content, "code"), Action.CREATE)
    assert made.written == ["code", PUT_BLUE]
    assert code_id_sent(made) == service.CODE_ID
    noted = notes_sent(made, PUT_BLUE)
    asset = ":".join(service.CODE_ID.split("/")[-3::2])
    assert (noted.code, noted.code_id) == (content, asset)
    assert {str(found): known for found, known in made.reader.known_code.items()} == {f"azureml:{asset}": content}


@pytest.mark.parametrize("after", [with_code("azureml:c0de:3"), with_code("sha256:ab", "azureml:c0de:3")])
def test_code_of_the_workspace_is_named_and_not_uploaded(after: Resource) -> None:
    made = stand({})
    do(made, after, Action.CREATE)
    assert made.written == [PUT_BLUE]
    assert code_id_sent(made) == f"{service.HOME}/codes/c0de/versions/3"


def test_code_that_changed_since_the_plan_is_not_uploaded(tmp_path: Path) -> None:
    made, content = code_folder(tmp_path)
    for after, said in (
        (with_code("sha256:another", "code"), "code has changed since"),
        (with_code(content, "gone"), "gone no longer exists"),
        (with_code(content), "folder of its code is not known"),
    ):
        with pytest.raises(WorkspaceError, match=said):
            do(made, after)
    assert made.written == []


def test_a_model_is_uploaded_only_as_it_was_planned(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    made = Stand(root=tmp_path)
    content = uploaded_as(tmp_path / "model")
    for path, source, said in ((content, "gone", "gone no longer exists"), ("sha256:ab", "model", "has changed since")):
        with pytest.raises(WorkspaceError, match=said):
            do(made, replace(fields.model(path=path), sources={("path",): source}), Action.CREATE)
    assert made.written == []
    do(made, replace(fields.model(path=content), sources={("path",): "model"}), Action.CREATE)
    assert made.written == [f"model {tmp_path / 'model'}"]


def test_a_model_that_exists_keeps_its_files() -> None:
    made = stand()
    made.arm.found["/models/digits/versions/1"] = {"properties": {"modelUri": "azureml://there"}}
    do(made, replace(fields.model(), sources={("path",): "gone"}))
    assert made.written == ["model azureml://there"]


def test_a_build_context_is_uploaded_only_as_it_was_planned(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM scratch")
    made = Stand(root=tmp_path)
    content = uploaded_as(tmp_path / "docker")
    sources: dict[KeyPath, str] = {("build", "path"): "docker"}

    def built(path: str) -> Resource:
        build = {"path": path, "dockerfile_path": "Dockerfile"}
        return replace(fields.environment(image=None, build=build), sources=sources)

    with pytest.raises(WorkspaceError, match="docker has changed since"):
        do(made, built("sha256:ab"), Action.CREATE)
    assert made.written == []
    do(made, built(content), Action.CREATE)
    (entity,) = made.bodies("environment")
    assert entity.build.path == str(tmp_path / "docker")


@pytest.mark.parametrize(
    ("after", "name", "anonymous"),
    [
        (fields.model(), f"{'ab' * 32}:1", True),
        (fields.model(), "digits:1", False),
        (fields.environment(), "CliV2AnonymousEnvironment:ab12", True),
        (fields.environment(), "sklearn:3", False),
    ],
)
def test_assets_written_inline_are_anonymous(after: Resource, name: str, anonymous: bool) -> None:
    made = stand()
    do(made, replace(after, ref=Ref(kind=after.ref.kind, name=name)), Action.CREATE)
    ((_, entity),) = made.client.writes
    assert entity._is_anonymous is anonymous


def failed(status: int) -> HttpResponseError:
    body = '{"status": "Failed", "error": {"code": null, "message": "ResourceNotReady: it crashed"}}'
    return HttpResponseError(response=cast("Any", answer(status, body)))


@pytest.mark.parametrize(("status", "kind"), [(200, OperationFailed), (400, WorkspaceError)])
def test_logs_come_with_a_failed_operation_and_not_with_a_refused_request(
    status: int, kind: type[WorkspaceError]
) -> None:
    made = stand({})

    def fail() -> object:
        raise failed(status)

    made.client.fail = fail
    arm: Any = made.arm
    with pytest.raises(WorkspaceError) as caught, failed_with_logs(arm, deployment_ref("digits", "blue")):
        do(made, without_code(), Action.CREATE)
    assert type(caught.value) is kind
    assert bool(caught.value.log_tail) is (kind is OperationFailed)
    assert ("InferenceServer said this" in caught.value.log_tail) is (kind is OperationFailed)
