"""What is written is what is observed, through the SDK's own entities and the service's own way of answering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from deployer.azureml.access import Reader
from deployer.azureml.bookkeeping import Notes
from deployer.azureml.kinds import deployment, endpoint, environment, model, traffic
from deployer.azureml.kinds.endpoint import Split
from deployer.core.resources import Resource
from tests.unit.azureml import fields, service

if TYPE_CHECKING:
    from deployer.azureml.arm import Arm

pytestmark = pytest.mark.slow

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


NO_READS = Reader(arm=cast("Arm", None), where=service.WHERE)
"""The code of our own deployments is not read: our note says what it is."""


def observed_deployment(resource: Resource) -> Resource:
    code_id = service.CODE_ID if resource.fields["code_configuration"] else None
    entity = deployment.entity(resource, code_id, deployment.notes_of(resource, "demo", code_id))
    for name, part in (("model", "models"), ("environment", "environments")):
        setattr(entity, name, _resolved(getattr(entity, name), part))
    _register_data(entity)
    body = service.sent(entity._to_rest_object(location="local"))
    return deployment.normalise(service.deployment(body, "blue"), "digits", NO_READS)


def _resolved(reference: str | None, part: str) -> str | None:
    """What the SDK makes of a short reference before it writes."""
    if reference is None or reference.startswith("azureml://"):
        return reference
    name, _, version = reference.rpartition(":")
    return f"{service.HOME}/{part}/{name}/versions/{version}"


def _register_data(entity: Any) -> None:
    """What the SDK does with the data assets of a collector before it writes."""
    for name, part in (entity.data_collector.collections if entity.data_collector else {}).items():
        asset = (part.data and part.data.name) or f"digits-blue-{name}"
        part.data = f"{service.HOME}/data/{asset}/versions/{(part.data and part.data.version) or '1'}"


def observed_endpoint(resource: Resource, split: Split) -> tuple[Resource, Resource]:
    entity = endpoint.entity(resource, split, Notes(project="demo", previous={"blue": 100}))
    body = service.sent(entity._to_rest_online_endpoint(location="local"))
    answer = service.endpoint(body, "digits")
    compute = answer["properties"]["compute"]
    answer["properties"]["compute"] = compute and f"{service.HOME}/computes/{compute}"
    return endpoint.normalise(answer, service.WHERE), traffic.normalise(answer)


@many
@given(fields.deployments)
def test_deployment(wanted: dict[str, Any]) -> None:
    resource = fields.deployment(**wanted)
    seen = observed_deployment(resource)
    assert dict(seen.fields) == dict(resource.fields)
    assert seen.observed is not None
    assert seen.seen.owner == "demo"


@many
@given(fields.endpoints)
def test_endpoint(wanted: dict[str, Any]) -> None:
    resource = fields.endpoint(**wanted)
    split = Split(traffic={"blue": 90, "green": 10}, mirror={"shadow": 5})
    seen, traffic = observed_endpoint(resource, split)
    assert dict(seen.fields) == dict(resource.fields)
    assert dict(traffic.fields) == {"traffic": {"blue": 90, "green": 10}, "mirror_traffic": {"shadow": 5}}
    assert traffic.observed is not None
    assert traffic.seen.bookkeeping.previous_split == {"blue": 100}


@many
@given(fields.models)
def test_model(wanted: dict[str, Any]) -> None:
    resource = fields.model(**wanted)
    address = f"azureml://{service.HOME[1:]}/datastores/store/paths/LocalUpload/{'cd' * 32}/model"
    body = service.sent(model.entity(resource, address)._to_rest_object())
    assert dict(model.normalise(service.model(body), resource.ref).fields) == dict(resource.fields)


@many
@given(fields.environments)
def test_environment(wanted: dict[str, Any]) -> None:
    resource = fields.environment(**wanted)
    body = service.sent(environment.entity(resource, None)._to_rest_object())
    assert dict(environment.normalise(service.environment(body), resource.ref).fields) == dict(resource.fields)


def test_the_fields_of_the_tests_are_the_fields_that_are_observed() -> None:
    assert observed_deployment(fields.deployment()).fields.keys() == fields.DEPLOYMENT.keys()
    assert observed_endpoint(fields.endpoint(), Split())[0].fields.keys() == fields.ENDPOINT.keys()
