"""What is read before planning, which version a label stands for, what counts as there."""

from __future__ import annotations

from dataclasses import replace

from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import Kind, State, asset_ref, deployment_ref, endpoint_ref
from deployer.planning.pins import busy_resources, orphans, wanted, with_pinned_references, without_deleting
from tests.build import PROJECT, deployment, endpoint, live, model, seen, traffic, wish

LATEST = "azureml:digits@latest"
LABEL = AssetReference(type=AssetType.MODEL, name="digits", label="latest")


def test_endpoints_assets_and_labels_are_read_once_each() -> None:
    shared = asset_ref(Kind.MODEL, "m", "1")
    desired = wish(
        endpoint(),
        model("1", "m"),
        deployment("blue", model="azureml:m:1", environment="azureml:plain:3"),
        deployment("green", model=LATEST),
        deployment("red", model="azureml://registries/azureml/models/bert/versions/4"),
        deployment("grey", model="azureml:other:2"),
    )
    asked = wanted(desired, "shop")
    assert asked.endpoints == {"digits"}
    assert asked.assets == {shared, asset_ref(Kind.MODEL, "other", "2"), asset_ref(Kind.ENVIRONMENT, "plain", "3")}
    assert asked.labels == {LABEL}
    assert asked.project == "shop"
    assert asked.codes == set()


def test_code_assets_are_read_and_folders_are_not() -> None:
    named = deployment("blue", code_configuration={"code": "azureml:c0de:1", "scoring_script": "score.py"})
    folder = deployment("green", code_configuration={"code": "sha256:ab", "scoring_script": "score.py"})
    assert wanted(wish(named, folder), "shop").codes == {AssetReference(type=AssetType.CODE, name="c0de", version="1")}


def test_an_environment_by_its_label_is_read_and_pinned() -> None:
    desired = wish(deployment(environment="azureml:plain@latest"))
    label = AssetReference(type=AssetType.ENVIRONMENT, name="plain", label="latest")
    assert wanted(desired, "shop").labels == {label}
    assert wanted(desired, "shop").assets == set()
    found = with_pinned_references(desired, State(references={label: replace(label, version="2", label="")}))
    assert found.resources[deployment().ref].fields["environment"] == "azureml:plain:2"


def test_only_deployments_have_references() -> None:
    described = endpoint(tags={"model": LATEST})
    assert with_pinned_references(wish(described, model()), State()) == wish(described, model())


def test_a_label_becomes_the_version_it_stood_for() -> None:
    desired = wish(deployment("blue", model=LATEST), deployment("green", model="azureml:m:1"))
    concrete = with_pinned_references(desired, State(references={LABEL: replace(LABEL, version="7", label="")}))
    assert [item.fields["model"] for item in concrete.of_kind(Kind.DEPLOYMENT)] == ["azureml:digits:7", "azureml:m:1"]


def test_the_newest_version_may_be_one_that_the_same_plan_registers() -> None:
    desired = wish(model("9"), model("10"), deployment("blue", model=LATEST))
    there = State(references={LABEL: replace(LABEL, version="8", label="")})
    concrete = with_pinned_references(desired, there)
    assert [item.fields["model"] for item in concrete.of_kind(Kind.DEPLOYMENT)] == ["azureml:digits:10"]
    registered = replace(live(model("9"), model("10")), references={LABEL: replace(LABEL, version="9", label="")})
    concrete = with_pinned_references(desired, registered)
    assert [item.fields["model"] for item in concrete.of_kind(Kind.DEPLOYMENT)] == ["azureml:digits:9"]


def test_a_version_that_is_no_number_is_newer_than_numbers() -> None:
    desired = wish(model("2"), model("beta"), deployment("blue", model=LATEST))
    concrete = with_pinned_references(desired, State())
    assert [item.fields["model"] for item in concrete.of_kind(Kind.DEPLOYMENT)] == ["azureml:digits:beta"]


def test_a_label_that_names_nothing_stays_as_it_is() -> None:
    desired = wish(deployment("blue", model=LATEST))
    assert with_pinned_references(desired, State()) == desired


def test_what_is_being_deleted_counts_as_gone_and_takes_what_it_has_with_it() -> None:
    there = live(
        endpoint("digits"),
        deployment("blue"),
        seen(deployment("green"), "Deleting"),
        seen(endpoint("old"), "Deleting"),
        deployment("red", "old"),
        traffic("old"),
    )
    assert set(without_deleting(there).resources) == {endpoint_ref("digits"), deployment_ref("digits", "blue")}


def test_what_somebody_changes_is_waited_for_where_it_matters() -> None:
    there = live(
        seen(endpoint("digits"), "Updating"),
        deployment("blue"),
        seen(deployment("green"), "Creating"),
        seen(deployment("red"), "Failed"),
        seen(endpoint("foreign"), "Updating"),
    )
    busy = busy_resources(there, frozenset({"digits"}))
    assert busy == (endpoint_ref("digits"), deployment_ref("digits", "green"))


def test_a_code_asset_becomes_its_content_and_is_still_known_by_name() -> None:
    named = deployment(code_configuration={"code": "azureml:c0de:1", "scoring_script": "score.py"})
    asset = AssetReference(type=AssetType.CODE, name="c0de", version="1")
    concrete = with_pinned_references(wish(endpoint(), named), State(contents={asset: "sha256:ab"}))
    (pinned,) = concrete.of_kind(Kind.DEPLOYMENT)
    assert pinned.fields["code_configuration"] == {"code": "sha256:ab", "scoring_script": "score.py"}
    assert pinned.sources == {("code_configuration", "code"): "azureml:c0de:1"}
    assert concrete.get(endpoint_ref("digits")) == endpoint()


def test_a_code_asset_that_is_not_there_stays_as_it_is() -> None:
    desired = wish(deployment(code_configuration={"code": "azureml:c0de:1", "scoring_script": "score.py"}))
    assert with_pinned_references(desired, State()) == desired


def test_what_left_the_specs_is_an_orphan_where_it_is_ours() -> None:
    there = live(
        endpoint(),
        deployment("blue"),
        deployment("green"),
        seen(deployment("red"), owner="other"),
        seen(endpoint("foreign"), owner=""),
        endpoint("old"),
        deployment("last", "old"),
        traffic("old"),
        model(),
    )
    desired = wish(endpoint(), deployment("blue"))
    old, green = endpoint_ref("old"), deployment_ref("digits", "green")
    assert orphans(desired, there, PROJECT, "") == (green, old)
    assert orphans(desired, there, PROJECT, "Digits") == (green,)
    assert orphans(desired, there, PROJECT, "old") == (old,)
    assert orphans(desired, there, "other", "") == (deployment_ref("digits", "red"),)
