"""What the service answers to a PUT, after the recorded sessions of azure-ai-ml: defaults filled in, some rewritten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deployer.core.coordinates import Coordinates

WHERE = Coordinates(subscription_id="00000000-0000-0000-0000-000000000000", resource_group="rg", name="ws")
HOME = WHERE.arm_id
CODE_ID = f"{HOME}/codes/4e2c7a1e-0000-4000-8000-000000000001/versions/1"
PROBE = {"failureThreshold": 30, "successThreshold": 1, "timeout": "PT2S", "period": "PT10S", "initialDelay": "PT10S"}

Body = Mapping[str, Any]


def sent(rest: Any) -> dict[str, Any]:
    """The body that the SDK puts on the wire for one of its REST objects."""
    from azure.ai.ml._restclient.arm_ml_service._utils.model_base import SdkJSONEncoder

    found: dict[str, Any] = json.loads(json.dumps(rest, cls=SdkJSONEncoder, exclude_readonly=True))
    return found


def endpoint(body: Body, name: str) -> dict[str, Any]:
    """The GET of an endpoint that was put with this body."""
    wire = body["properties"]
    added = {
        "azureml.onlineendpointid": f"{HOME}/onlineEndpoints/{name}".lower(),
        "AzureAsyncOperationUri": "https://x",
    }
    identity = {"principalId": "p", "tenantId": "t", **body["identity"]}
    ids = identity.get("userAssignedIdentities")
    if ids:
        identity["userAssignedIdentities"] = {_rewritten(key): {"clientId": "c", "principalId": "p"} for key in ids}
    return {
        "id": f"{HOME}/onlineEndpoints/{name}",
        "name": name,
        "location": "local",
        "kind": "K8S" if wire.get("compute") else "Managed",
        "tags": body["tags"],
        "identity": identity,
        "properties": {
            "description": wire.get("description"),
            "authMode": wire["authMode"],
            "compute": wire.get("compute"),
            "traffic": wire.get("traffic") or {},
            "mirrorTraffic": wire.get("mirrorTraffic") or {},
            "publicNetworkAccess": (wire.get("publicNetworkAccess") or "enabled").capitalize(),
            "properties": {**wire["properties"], **added},
            "provisioningState": "Succeeded",
            "scoringUri": f"https://{name}.eastus.inference.ml.azure.com/score",
        },
    }


def _rewritten(resource_id: str) -> str:
    return resource_id.replace("/resourcegroups/", "/resourceGroups/")


def deployment(body: Body, name: str) -> dict[str, Any]:
    """The GET of a deployment that was put with this body: maxQueueWait and modelMountPath are not given back."""
    wire = dict(body["properties"])
    settings = wire.get("requestSettings") or {}
    variables = dict(wire.get("environmentVariables") or {})
    if wire.get("codeConfiguration"):
        variables.setdefault("AZUREML_ENTRY_SCRIPT", wire["codeConfiguration"]["scoringScript"])
        variables.setdefault("AML_APP_ROOT", "/var/azureml-app/onlinescoring")
    if wire.get("model"):
        variables.setdefault("AZUREML_MODEL_DIR", "/var/azureml-app/azureml-models/digits/1")
    answered = {
        **wire,
        "description": wire.get("description"),
        "modelMountPath": None,
        "environmentVariables": variables,
        "requestSettings": {
            "maxQueueWait": "PT0S",
            "requestTimeout": settings.get("requestTimeout") or "PT5S",
            "maxConcurrentRequestsPerInstance": settings.get("maxConcurrentRequestsPerInstance") or 1,
        },
        "livenessProbe": PROBE | (wire.get("livenessProbe") or {}),
        "readinessProbe": PROBE | (wire.get("readinessProbe") or {}),
        "egressPublicNetworkAccess": (wire.get("egressPublicNetworkAccess") or "enabled").capitalize(),
        "properties": {**wire["properties"], "AzureAsyncOperationUri": "https://x"},
        "provisioningState": "Succeeded",
    }
    answered.pop("privateNetworkConnection", None)
    if answered.get("dataCollector"):
        answered["dataCollector"] = _collector(answered["dataCollector"])
    sku = {**body["sku"], "tier": "Standard"}
    return {"id": f"{HOME}/x/{name}", "name": name, "tags": body["tags"], "sku": sku, "properties": answered}


def _collector(wire: Body) -> dict[str, Any]:
    collections = {
        key: {**part, "dataCollectionMode": part["dataCollectionMode"].capitalize()}
        for key, part in wire["collections"].items()
    }
    return {**wire, "collections": collections, "rollingRate": (wire.get("rollingRate") or "hour").capitalize()}


def model(body: Body) -> dict[str, Any]:
    """The GET of a model: the upload was replicated, so its address changed but for the hash in it."""
    uri = body["properties"]["modelUri"].replace("/paths/", "/paths/ServiceReplicated/7f1e/")
    return {"name": "1", "properties": {**body["properties"], "modelUri": uri, "jobName": None, "flavors": {}}}


def environment(body: Body) -> dict[str, Any]:
    """The GET of an environment: its conda file comes back as JSON text."""
    import yaml

    wire = dict(body["properties"])
    if wire.get("condaFile"):
        wire["condaFile"] = json.dumps(yaml.safe_load(wire["condaFile"]), indent=2)
    empty: dict[str, Any] = {"description": None, "tags": {}, "properties": {}}
    return {"name": "1", "properties": {**empty, **wire, "environmentType": "UserCreated", "osType": "Linux"}}
