"""Stored documents as Azure shows them, shaped for the api-version asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.operations import status_url
from deployer.local_workspace.control.request import PROVIDER, WORKSPACE
from deployer.local_workspace.control.shapes import has_startup_probe
from deployer.local_workspace.store import Document

_PROBE = {"failureThreshold": 30, "successThreshold": 1, "timeout": "PT2S", "period": "PT10S", "initialDelay": "PT10S"}
_APP = "/var/azureml-app"


def endpoint_id(name: str) -> str:
    """The ARM id of an endpoint."""
    return f"{WORKSPACE}/onlineEndpoints/{name}"


def endpoint_body(context: ServerContext, endpoint: Document) -> dict[str, Any]:
    """An endpoint; its addresses are null until it was created."""
    name, address = endpoint["name"], f"{context.base}/inference/{endpoint['name']}"
    created = endpoint["created"]
    added = {
        "azureml.onlineendpointid": endpoint_id(name).lower(),
        "AzureAsyncOperationUri": status_url(context, endpoint["operation"]),
    }
    return {
        "id": endpoint_id(name),
        "name": name,
        "type": f"{PROVIDER}/workspaces/onlineEndpoints",
        "properties": {
            "description": endpoint["description"],
            "properties": endpoint["properties"] | added,
            "scoringUri": f"{address}/score" if created else None,
            "swaggerUri": f"{address}/swagger.json" if created else None,
            "authMode": endpoint["authMode"],
            "provisioningState": endpoint["state"],
            "compute": None,
            "traffic": endpoint["traffic"],
            "mirrorTraffic": endpoint["mirrorTraffic"],
            "publicNetworkAccess": endpoint["publicNetworkAccess"],
        },
        "systemData": endpoint["systemData"],
        "tags": endpoint["tags"],
        "location": endpoint["location"],
        "kind": "Managed",
        "identity": endpoint["identity"],
    }


def deployment_body(context: ServerContext, deployment: Document, version: str) -> dict[str, Any]:
    """A deployment; what the service fills in is there once it was provisioned for the first time."""
    name, endpoint = deployment["name"], deployment["endpoint"]
    key = f"{endpoint}/{name}".lower()
    state = "Updating" if key in context.warming else deployment["state"]
    return {
        "id": f"{endpoint_id(endpoint)}/deployments/{name}",
        "name": name,
        "type": f"{PROVIDER}/workspaces/onlineEndpoints/deployments",
        "properties": _deployment_properties(context, deployment, version) | {"provisioningState": state},
        "systemData": deployment["systemData"],
        "tags": deployment["tags"],
        "location": deployment["location"],
        "kind": "Managed",
        "sku": {"name": "Default", "tier": "Standard", "capacity": deployment["capacity"]},
    }


def _deployment_properties(context: ServerContext, deployment: Document, version: str) -> dict[str, Any]:
    content, provisioned = deployment["content"], deployment["provisioned"]
    asked = content.get("requestSettings") or {}
    added = {"AzureAsyncOperationUri": status_url(context, deployment["operation"])}
    properties = {
        "description": content.get("description"),
        "properties": (content.get("properties") or {}) | added,
        "codeConfiguration": content.get("codeConfiguration"),
        "environmentId": content.get("environmentId"),
        "environmentVariables": _variables(content) if provisioned else content.get("environmentVariables") or {},
        "scaleSettings": {"scaleType": "Default"},
        "requestSettings": {
            "maxQueueWait": "PT0S",
            "requestTimeout": asked.get("requestTimeout") or ("PT5S" if provisioned else "PT0S"),
            "maxConcurrentRequestsPerInstance": asked.get("maxConcurrentRequestsPerInstance") or 1,
        },
        "modelMountPath": content.get("modelMountPath"),
        "appInsightsEnabled": bool(content.get("appInsightsEnabled")),
        "livenessProbe": _probe(content.get("livenessProbe"), provisioned),
        "readinessProbe": _probe(content.get("readinessProbe"), provisioned),
        "instanceType": content["instanceType"],
        "model": content.get("model"),
        "egressPublicNetworkAccess": (content.get("egressPublicNetworkAccess") or "Enabled").capitalize(),
        "endpointComputeType": "Managed",
    }
    return properties | _by_version(content, version)


def _by_version(content: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Members that came and went with the api-versions."""
    if version < "2023-04":
        return {"privateNetworkConnection": bool(content.get("privateNetworkConnection"))}
    shown = {"dataCollector": content.get("dataCollector")}
    return shown | ({"startupProbe": _probe(content.get("startupProbe"), False)} if has_startup_probe(version) else {})


def _probe(asked: Mapping[str, Any] | None, provisioned: bool) -> dict[str, Any] | None:
    if asked is None:
        return dict(_PROBE) if provisioned else None
    return _PROBE | {name: value for name, value in asked.items() if value is not None}


def _variables(content: Mapping[str, Any]) -> dict[str, str]:
    """The declared variables, and those that Azure adds once the container runs."""
    added = {}
    if model := content.get("model"):
        name, version = model.split("/")[-3], model.split("/")[-1]
        added["AZUREML_MODEL_DIR"] = f"{_APP}/azureml-models/{name}/{version}"
    if code := content.get("codeConfiguration"):
        added["AZUREML_ENTRY_SCRIPT"] = code["scoringScript"]
        added["AML_APP_ROOT"] = f"{_APP}/{content['codeFolder']}"
    return added | (content.get("environmentVariables") or {})


def asset_state(version: str) -> dict[str, str]:
    """The provisioning state that assets show since 2023 (https://github.com/Azure/azure-cli-extensions/issues/6662)."""
    return {"provisioningState": "Succeeded"} if version >= "2023" else {}
