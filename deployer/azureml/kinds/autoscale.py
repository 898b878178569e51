"""Autoscale settings of deployments: resources of Azure Monitor, beside the workspace in its resource group.

https://learn.microsoft.com/rest/api/monitor/autoscale-settings
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.bookkeeping import PROJECT, Notes
from deployer.azureml.kinds import deployment, endpoint
from deployer.azureml.kinds.autoscale_profiles import profiles_of, read_profiles
from deployer.azureml.kinds.rows import wire_value
from deployer.azureml.retry import Patience
from deployer.core.errors import NotFound
from deployer.core.fields import with_defaults
from deployer.core.plan import Step
from deployer.core.resources import Kind, Observed, Ref, Resource, autoscale_ref, deployment_ref

API = "2022-10-01"
KEPT = ("notifications", "predictiveAutoscalePolicy")
"""What no spec declares: it is written as it is."""

_TARGET = re.compile(r"(?P<home>.+)/onlineendpoints/(?P<endpoint>[^/]+)/deployments/(?P<deployment>[^/]+)")


def listed(reader: Reader) -> list[Resource]:
    """The settings of all deployments in this workspace, in one read. Raises WorkspaceError."""
    return [found for raw in _all(reader) if (found := normalise(raw, reader))]


def _all(reader: Reader) -> Iterator[Raw]:
    group = reader.where.arm_id.partition("/providers/")[0]
    return reader.arm.pages_at(f"{group}/providers/Microsoft.Insights/autoscaleSettings", API)


def _look(reader: Reader, ref: Ref) -> Raw | None:
    """The setting of a deployment, which can have any name; a deployment has one at most."""
    return next((raw for raw in _all(reader) if _scaled(raw, reader) == ref), None)


def _scaled(raw: Raw, reader: Reader) -> Ref | None:
    """The ref of a setting; None if it scales something else than a deployment in this workspace."""
    target = str(wire_value(raw, "properties", "targetResourceUri") or "").lower()
    found = _TARGET.fullmatch(target)
    if found is None or found["home"] != reader.where.arm_id.lower():
        return None
    return autoscale_ref(found["endpoint"], found["deployment"])


def read(reader: Reader, ref: Ref, _patience: Patience) -> Resource | None:
    """The setting of a deployment. Its writes are done when they are answered, so there is nothing to wait for."""
    raw = _look(reader, ref)
    return normalise(raw, reader) if raw is not None else None


def normalise(raw: Raw, reader: Reader) -> Resource | None:
    """A setting from its ARM JSON; None if it scales something else than a deployment in this workspace."""
    ref = _scaled(raw, reader)
    if ref is None:
        return None
    fields = read_profiles(raw["properties"].get("profiles") or [], *_scaled_and_above(reader, ref))
    fields["enabled"] = raw["properties"].get("enabled") is not False
    seen = Observed(owner=(raw.get("tags") or {}).get(PROJECT, ""), arm_name=str(raw["name"]))
    return Resource(ref=ref, fields=with_defaults(Kind.AUTOSCALE, fields), observed=seen)


def _scaled_and_above(reader: Reader, ref: Ref) -> tuple[str, str]:
    """The ARM ids of the deployment that a setting scales, and of its endpoint."""
    target = deployment.path(deployment_ref(ref.endpoint, ref.name))
    return reader.where.arm_id + target, reader.where.arm_id + endpoint.path(ref.endpoint)


def name_of(target: str) -> str:
    """The name of our setting for a deployment: told by the ARM id, so that no two are ever made for it."""
    return f"deployer-{hashlib.sha256(target.lower().encode()).hexdigest()[:16]}"


def entity(resource: Resource, places: tuple[str, str], live: Raw | None, location: str, project: str) -> Any:
    """The entity of a setting for the ARM ids of a deployment and its endpoint, with what no spec declares as it is."""
    from azure.mgmt.monitor.models import AutoscaleSettingResource

    kept = {key: value for key in KEPT if (value := wire_value(live, "properties", key)) is not None}
    body = {
        "location": (live or {}).get("location") or location,
        "tags": {**((live or {}).get("tags") or {}), PROJECT: project},
        "properties": {
            **kept,
            "enabled": resource.fields["enabled"],
            "targetResourceUri": places[0],
            "profiles": profiles_of(resource.fields, *places),
        },
    }
    return AutoscaleSettingResource.deserialize(json.loads(json.dumps(body)))


def put(writer: Writer, step: Step, after: Resource) -> None:
    """Create or change a setting, after noting on its endpoint that there are some: plans read them only then."""
    above = endpoint.renote(writer, step.ref.endpoint, _with_settings)
    if above is None:
        raise NotFound(f"Could not write {step.ref}: endpoint {step.ref.endpoint} no longer exists.")
    live, places = _look(writer.reader, step.ref), _scaled_and_above(writer.reader, step.ref)
    made = entity(after, places, live, above["location"], writer.project)
    name = live["name"] if live else name_of(places[0])
    writer.sdk.autoscale(f"write {step.ref}", lambda at, group: at.create_or_update(group, name, made))


def _with_settings(notes: Notes) -> Notes:
    return replace(notes, autoscaled=True)


def _without_settings(notes: Notes) -> Notes:
    return replace(notes, autoscaled=False)


def delete(writer: Writer, step: Step) -> None:
    """Delete a setting. With the last one of an endpoint that stays as it is, its note goes."""
    live = _look(writer.reader, step.ref)
    if live is not None:
        name = live["name"]
        writer.sdk.autoscale(f"delete {step.ref}", lambda at, group: at.delete(group, name))
    if step.outlived and not any(item.ref.endpoint == step.ref.endpoint for item in listed(writer.reader)):
        endpoint.renote(writer, step.ref.endpoint, _without_settings)
