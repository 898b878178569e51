"""The workspace itself and its one datastore."""

from __future__ import annotations

from deployer.local_workspace.blob.access import account_key, signature
from deployer.local_workspace.blob.addresses import ACCOUNT, DATASTORE, default_container
from deployer.local_workspace.control.envelopes import Refused
from deployer.local_workspace.control.refusals import NO_ASSET
from deployer.local_workspace.control.request import PROVIDER, WORKSPACE, Call, Reply
from deployer.local_workspace.control.shapes import check
from deployer.local_workspace.control.site import Site
from deployer.local_workspace.paths import PLACE, SUBSCRIPTION

_SINCE = "2022-10-28T00:00:00.000000+00:00"
_WHO = {
    "createdAt": _SINCE,
    "createdBy": "local",
    "createdByType": "User",
    "lastModifiedAt": _SINCE,
    "lastModifiedBy": "local",
    "lastModifiedByType": "User",
}


async def get_workspace(site: Site, _call: Call) -> Reply:
    """GET of the workspace."""
    body = {
        "id": WORKSPACE,
        "name": PLACE,
        "type": f"{PROVIDER}/workspaces",
        "location": PLACE,
        "tags": {},
        "etag": None,
        "properties": _properties(site),
        "identity": {"type": "SystemAssigned", "principalId": site.workspace_id, "tenantId": site.workspace_id},
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "systemData": _WHO,
    }
    return Reply(body=body)


def _properties(site: Site) -> dict[str, object]:
    group, host = WORKSPACE.partition("/providers/")[0], site.base.removeprefix("https://")
    return {
        "friendlyName": PLACE,
        "description": "",
        "storageAccount": f"{group}/providers/Microsoft.Storage/storageAccounts/local",
        "keyVault": f"{group}/providers/Microsoft.Keyvault/vaults/local",
        "applicationInsights": "",
        "hbiWorkspace": False,
        "imageBuildCompute": "",
        "provisioningState": "Succeeded",
        "v1LegacyMode": False,
        "softDeleteEnabled": False,
        "allowRoleAssignmentOnRG": False,
        "enableDataIsolation": False,
        "systemDatastoresAuthMode": "AccessKey",
        "publicNetworkAccess": "Enabled",
        "ipAllowlist": [],
        "networkAcls": None,
        "notebookInfo": None,
        "creationTime": _SINCE,
        "workspaceId": site.workspace_id,
        "discoveryUrl": f"{site.base}/discovery",
        "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{WORKSPACE}",
    }


async def get_datastore(site: Site, call: Call) -> Reply:
    """GET datastores/{datastore}."""
    _check_datastore(call)
    return Reply(body=_datastore(site, call.version))


async def list_datastores(site: Site, call: Call) -> Reply:
    """GET datastores."""
    return Reply(body={"value": [_datastore(site, call.version)]})


async def list_secrets(site: Site, call: Call) -> Reply:
    """POST datastores/{datastore}/listSecrets: the account key, or a signature that runs out if asked for."""
    check(call.content, {"expirableSecret": bool, "expireAfterHours": int})
    _check_datastore(call)
    if not call.content.get("expirableSecret"):
        return Reply(body={"secretsType": "AccountKey", "key": account_key(site.store)})
    seconds = (call.content.get("expireAfterHours") or 1) * 3_600
    token = signature(site.store, default_container(site.workspace_id), seconds)
    return Reply(body={"secretsType": "Sas", "sasToken": token})


def _check_datastore(call: Call) -> None:
    if call.key("datastore") != DATASTORE:
        raise Refused(NO_ASSET, {"kind": "Datastore", "name": call.names["datastore"]})


def _datastore(site: Site, version: str) -> dict[str, object]:
    """The account is named by host and path, so that clients that build `https://ACCOUNT.blob.ENDPOINT` come here."""
    host = site.base.removeprefix("https://")
    account = ACCOUNT.partition(".")[0]
    place = {"subscriptionId": SUBSCRIPTION, "resourceGroup": PLACE} if version >= "2023" else {}
    return {
        "id": f"{WORKSPACE}/datastores/{DATASTORE}",
        "name": DATASTORE,
        "type": f"{PROVIDER}/workspaces/datastores",
        "properties": {
            "description": None,
            "tags": None,
            "properties": None,
            "isDefault": True,
            "credentials": {"credentialsType": "AccountKey"},
            "datastoreType": "AzureBlob",
            "accountName": f"{host}/{account}",
            "containerName": default_container(site.workspace_id),
            "endpoint": "local",
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
            **place,
        },
        "systemData": _WHO | {"createdByType": "Application", "lastModifiedByType": "Application"},
    }
