"""What is read before planning, which version a label stands for, what counts as there."""

from __future__ import annotations

from dataclasses import replace

from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import (
    Kind,
    Observed,
    Resource,
    State,
    asset_ref,
    deployment_ref,
    endpoint_ref,
    state_of,
    traffic_ref,
)
from deployer.planning.pins import busy_resources, wanted, with_pinned_references, without_deleting

LATEST = "azureml:digits@latest"
LABEL = AssetReference(type=AssetType.MODEL, name="digits", label="latest")


def endpoint(name: str = "digits", state: str = "Succeeded") -> Resource:
    return Resource(ref=endpoint_ref(name), fields={}, observed=Observed(provisioning_state=state))


def deployment(name: str, model: str | None = None, state: str = "Succeeded", endpoint: str = "digits") -> Resource:
    fields = {"model": model, "environment": "azureml:plain:3"}
    return Resource(ref=deployment_ref(endpoint, name), fields=fields, observed=Observed(provisioning_state=state))


def test_endpoints_assets_and_labels_are_read_once_each() -> None:
    shared = asset_ref(Kind.MODEL, "m", "1")
    desired = state_of(
        [
            endpoint(),
            Resource(ref=shared, fields={}),
            deployment("blue", "azureml:m:1"),
            deployment("green", LATEST),
            deployment("red", "azureml://registries/azureml/models/bert/versions/4"),
            deployment("grey", "azureml:other:2"),
        ]
    )
    asked = wanted(desired, "shop")
    assert asked.endpoints == {"digits"}
    assert asked.assets == {shared, asset_ref(Kind.MODEL, "other", "2"), asset_ref(Kind.ENVIRONMENT, "plain", "3")}
    assert asked.labels == {LABEL}
    assert asked.project == "shop"


def test_a_label_becomes_the_version_it_stood_for() -> None:
    desired = state_of([deployment("blue", LATEST), deployment("green", "azureml:m:1")])
    concrete = with_pinned_references(desired, State(references={LABEL: replace(LABEL, version="7", label="")}))
    assert [item.fields["model"] for item in concrete.of_kind(Kind.DEPLOYMENT)] == ["azureml:digits:7", "azureml:m:1"]


def test_a_label_that_names_nothing_stays_as_it_is() -> None:
    desired = state_of([deployment("blue", LATEST)])
    assert with_pinned_references(desired, State()) == desired


def test_what_is_being_deleted_counts_as_gone_and_takes_what_it_has_with_it() -> None:
    traffic = Resource(ref=traffic_ref("old"), fields={}, observed=Observed())
    live = state_of(
        [
            endpoint("digits"),
            deployment("blue"),
            deployment("green", state="Deleting"),
            endpoint("old", "Deleting"),
            deployment("red", endpoint="old"),
            traffic,
        ]
    )
    assert set(without_deleting(live).resources) == {endpoint_ref("digits"), deployment_ref("digits", "blue")}


def test_what_somebody_changes_is_waited_for_where_it_matters() -> None:
    live = state_of(
        [
            endpoint("digits", "Updating"),
            deployment("blue"),
            deployment("green", state="Creating"),
            deployment("red", state="Failed"),
            endpoint("foreign", "Updating"),
        ]
    )
    busy = busy_resources(live, frozenset({"digits"}))
    assert busy == (endpoint_ref("digits"), deployment_ref("digits", "green"))
