"""Translates a deployment's ARM content and assets into what the data plane serves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployer.local_workspace.blob.addresses import DATASTORE, default_container, folder, inside
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import MISSING_REFERENCE, NO_ENVIRONMENT
from deployer.local_workspace.control.shapes import seconds
from deployer.local_workspace.ports import Probe, Workload
from deployer.local_workspace.store import Document, Store, workspace_id

_ASSET = re.compile(r".*/(models|environments|codes)/([^/]+)/versions/([^/]+)/?", re.IGNORECASE)
_DATASTORE = re.compile(r"azureml://.*/datastores/([^/]+)/paths/(.+)", re.IGNORECASE)
_KINDS = {"models": "model", "environments": "environment", "codes": "code"}
_DEFAULTS: Mapping[str, Any] = {
    "initialDelay": "PT10S",
    "period": "PT10S",
    "timeout": "PT2S",
    "successThreshold": 1,
    "failureThreshold": 30,
}


def asset(store: Store, arm_id: str | None) -> Document | None:
    """The model, environment or code version that an ARM id names."""
    match = _ASSET.fullmatch(arm_id or "")
    if match is None:
        return None
    plural, name, version = match.groups()
    return store.get(_KINDS[plural.lower()], f"{name}/{version}".lower())


def check_references(store: Store, content: Mapping[str, Any]) -> None:
    """Refuse a deployment that names a missing asset, or lacks an environment that it needs."""
    ids = {
        "model": content.get("model"),
        "environmentId": content.get("environmentId"),
        "codeConfiguration.codeId": (content.get("codeConfiguration") or {}).get("codeId"),
    }
    for member, arm_id in ids.items():
        if arm_id and asset(store, arm_id) is None:
            raise ArmRefused(MISSING_REFERENCE, {"member": member, "id": arm_id})
    if not ids["environmentId"] and not _is_mlflow(asset(store, ids["model"])):
        raise ArmRefused(NO_ENVIRONMENT)


def code_folder(store: Store, configuration: Mapping[str, Any]) -> str:
    """The name of the uploaded code folder."""
    code = asset(store, configuration.get("codeId"))
    return str(code["properties"].get("codeUri") or "").rstrip("/").rpartition("/")[2] if code else ""


def workload(store: Store, blobs: Path, deployment: Document) -> Workload:
    """What one deployment asks the data plane to serve."""
    content = deployment["content"]
    configuration, settings = content.get("codeConfiguration") or {}, content.get("requestSettings") or {}
    model = asset(store, content.get("model"))
    environment = (asset(store, content.get("environmentId")) or {"properties": {}})["properties"]
    return Workload(
        endpoint=deployment["endpoint"].lower(),
        deployment=deployment["name"].lower(),
        code_dir=_code_dir(store, blobs, configuration),
        scoring_script=configuration.get("scoringScript"),
        model_dir=_model_dir(store, blobs, model),
        is_mlflow_model=_is_mlflow(model),
        image=environment.get("image"),
        conda_file=environment.get("condaFile"),
        environment_variables=dict(content["environmentVariables"]),
        instance_count=deployment["capacity"],
        max_concurrent_requests_per_instance=settings.get("maxConcurrentRequestsPerInstance") or 1,
        request_timeout_ms=_milliseconds(settings.get("requestTimeout"), 5_000),
        max_queue_wait_ms=_milliseconds(settings.get("maxQueueWait"), 500),
        liveness_probe=_probe(content.get("livenessProbe")),
        readiness_probe=_probe(content.get("readinessProbe")),
        startup_probe=_probe(content["startupProbe"]) if content.get("startupProbe") else None,
    )


def _is_mlflow(model: Document | None) -> bool:
    return model is not None and str(model["properties"].get("modelType") or "").lower() == "mlflow_model"


def _code_dir(store: Store, blobs: Path, configuration: Mapping[str, Any]) -> Path | None:
    code = asset(store, configuration.get("codeId"))
    return folder(blobs, str(code["properties"]["codeUri"])) if code else None


def model_path(store: Store, blobs: Path, uri: str) -> Path | None:
    """The file or folder that a modelUri names; None for one that is not in the default datastore."""
    match = _DATASTORE.fullmatch(uri)
    if match is None or match.group(1).lower() != DATASTORE:
        return None
    return inside(blobs, f"{default_container(workspace_id(store))}/{match.group(2)}")


def _model_dir(store: Store, blobs: Path, model: Document | None) -> Path | None:
    """The folder around the uploaded one: on the image it is mounted as AZUREML_MODEL_DIR."""
    path = model_path(store, blobs, str(model["properties"].get("modelUri") or "")) if model else None
    return path.parent if path else None


def _milliseconds(duration: str | None, default: int) -> int:
    return round(seconds(duration) * 1_000) if duration else default


def _probe(asked: Mapping[str, Any] | None) -> Probe:
    values = dict(_DEFAULTS) | {name: value for name, value in (asked or {}).items() if value is not None}
    return Probe(
        initial_delay=seconds(str(values["initialDelay"])),
        period=seconds(str(values["period"])),
        timeout=seconds(str(values["timeout"])),
        success_threshold=int(values["successThreshold"]),
        failure_threshold=int(values["failureThreshold"]),
    )
