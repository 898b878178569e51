"""The workspace itself and its one datastore."""

from __future__ import annotations

from deployer.local_workspace.blob.access import account_key, signature
from deployer.local_workspace.blob.addresses import ACCOUNT, DATASTORE, default_container
from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import NO_ASSET
from deployer.local_workspace.control.request import PROVIDER, WORKSPACE, Call, Reply
from deployer.local_workspace.control.shapes import check
from deployer.local_workspace.identity import PLACE, SUBSCRIPTION

_SINCE = "2022-10-28T00:00:00.000000+00:00"
_WHO = {
    "createdAt": _SINCE,
    "createdBy": "local",
    "createdByType": "User",
    "lastModifiedAt": _SINCE,
    "lastModifiedBy": "local",
    "lastModifiedByType": "User",
}


async def get_workspace(context: ServerContext, _call: Call) -> Reply:
    """GET of the workspace."""
    body = {
        "id": WORKSPACE,
        "name": PLACE,
        "type": f"{PROVIDER}/workspaces",
        "location": PLACE,
        "tags": {},
        "etag": None,
        "properties": _properties(context),
        "identity": {"type": "SystemAssigned", "principalId": context.workspace_id, "tenantId": context.workspace_id},
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "systemData": _WHO,
    }
    return Reply(body=body)


async def list_permissions(_context: ServerContext, _call: Call) -> Reply:
    """GET of the caller's permissions on the workspace: who holds the token may do everything."""
    return Reply(body={"value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]})


async def get_provider(_context: ServerContext, call: Call) -> Reply:
    """GET of a resource provider of the subscription."""
    namespace = call.names["namespace"]
    place = f"/subscriptions/{SUBSCRIPTION}/providers/{namespace}"
    return Reply(body={"id": place, "namespace": namespace, "registrationState": "Registered", "resourceTypes": []})


def _properties(context: ServerContext) -> dict[str, object]:
    group, host = WORKSPACE.partition("/providers/")[0], context.base.removeprefix("https://")
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
        "workspaceId": context.workspace_id,
        "discoveryUrl": f"{context.base}/discovery",
        "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{WORKSPACE}",
    }


async def get_datastore(context: ServerContext, call: Call) -> Reply:
    """GET datastores/{datastore}."""
    _check_datastore(call)
    return Reply(body=_datastore(context, call.version))


async def list_datastores(context: ServerContext, call: Call) -> Reply:
    """GET datastores: the one that there is, unless something else is asked for."""
    names, text = call.query.get("names", ""), call.query.get("searchText", "")
    others = call.query.get("isDefault", "true").lower() == "false"
    is_asked = not others and text.lower() in DATASTORE and (not names or DATASTORE in names.lower().split(","))
    return Reply(body={"value": [_datastore(context, call.version)] if is_asked else []})


async def list_secrets(context: ServerContext, call: Call) -> Reply:
    """POST datastores/{datastore}/listSecrets: the account key, or on request a signature that expires."""
    check(call.content, {"expirableSecret": bool, "expireAfterHours": int})
    _check_datastore(call)
    if not call.content.get("expirableSecret"):
        return Reply(body={"secretsType": "AccountKey", "key": account_key(context.store)})
    seconds = (call.content.get("expireAfterHours") or 1) * 3_600
    token = signature(context.store, default_container(context.workspace_id), seconds)
    return Reply(body={"secretsType": "Sas", "sasToken": token})


def _check_datastore(call: Call) -> None:
    if call.key("datastore") != DATASTORE:
        raise ArmRefused(NO_ASSET, {"kind": "Datastore", "name": call.names["datastore"]})


def _datastore(context: ServerContext, version: str) -> dict[str, object]:
    """The account is named by host and path, so that clients that build `https://ACCOUNT.blob.ENDPOINT` come here."""
    host = context.base.removeprefix("https://")
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
            "containerName": default_container(context.workspace_id),
            "endpoint": "local",
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
            **place,
        },
        "systemData": _WHO | {"createdByType": "Application", "lastModifiedByType": "Application"},
    }
