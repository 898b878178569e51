"""Refusals and failures -> WorkspaceError: what happened, a likely cause, and the way out.

Causes: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deployer.azureml.refusal import Refusal
from deployer.core.errors import Busy, NotFound, OperationFailed, SignInFailed, Unreachable, WorkspaceError


@dataclass(frozen=True, slots=True)
class Cause:
    """A pattern over "<code> <message>" and what helps then."""

    pattern: str
    hint: str


CAUSES = (
    Cause(
        r"OutOfQuota|[Nn]ot enough quota",
        "The VM size has too few cores left in this region; Azure reserves 20 % more instances for upgrades. Choose "
        "another `instance_type` or fewer instances, delete what is not needed, or ask for quota in the Azure portal.",
    ),
    Cause(
        r"unrecoverable state|failed during initial provisioning",
        "Its first creation failed, and only deleting and creating it again helps: the next plan proposes that.",
    ),
    Cause(
        r"not been created successfully",
        "The endpoint never came into being; the next plan proposes to replace it.",
    ),
    Cause(
        r"already an endpoint with this name|needs to be unique",
        "Endpoint names are unique in a whole region, and a deleted name is blocked for a while: choose another name.",
    ),
    Cause(
        r"ImageBuildFailure|[Ii]mage build",
        "The image of the environment did not build: read the build log in the workspace's storage, and check "
        "conda_file and image.",
    ),
    Cause(
        r"ResourceNotReady|crashed or terminated|Liveness probe failed|Readiness probe failed",
        "The container does not come up: the log tells why init() or an import failed; else give the probes more time.",
    ),
    Cause(
        r"ModelRegistryError|ModelNotFound|[Mm]odel .*not found",
        "The model cannot be read: check its name and version, and that the endpoint's identity may read the storage.",
    ),
    Cause(
        r"AuthorizationFailed|AuthorizationPermissionMismatch|LinkedAuthorizationFailed|does not have authorization",
        "Ask an owner of the workspace for the role `AzureML Data Scientist` on it (`az role assignment create`).",
    ),
    Cause(
        r"[Pp]ull permission|ACR|ImagePull|unauthorized: authentication required",
        "The endpoint's identity needs the role `AcrPull` on the container registry of the workspace.",
    ),
    Cause(
        r"SecretsInjection",
        "A secret could not be injected: the endpoint's identity needs to read the workspace's connections or its "
        "key vault.",
    ),
    Cause(
        r"WorkspaceManagedNetworkNotReady",
        "The managed network of the workspace has to be provisioned first (`az ml workspace provision-network`).",
    ),
    Cause(
        r"SubscriptionNotRegistered|MissingSubscriptionRegistration|not registered to use namespace",
        "Register the resource provider: `az provider register --namespace Microsoft.MachineLearningServices`.",
    ),
    Cause(
        r"OperationFailed",
        "Azure gives no reason: the containers' logs and the endpoint's page in Azure ML studio may.",
    ),
    Cause(r"BadArgument", "The service does not accept one of the values; it is named in the message."),
    Cause(r"OperationCanceled", "Another operation on the same resource came first: run it again."),
    Cause(
        r"InternalServerError",
        "Azure itself failed: run it again; if it stays, ask Azure support with the correlation id.",
    ),
)

_NO_WORKSPACE = re.compile(
    r"ResourceGroupNotFound|SubscriptionNotFound|InvalidSubscriptionId|WorkspaceNotFound|ParentResourceNotFound"
    r"|workspaces/[^/' ]+' under resource group|Workspace not found"
)
COORDINATES_HINT = (
    "Check `workspace` (subscription_id, resource_group, name) in the env file, and the tenant of `az login`."
)
SIGN_IN_HINT = (
    "Run `az login` (or `az login --tenant TENANT`), or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET."
)


def likely_cause(refusal: Refusal) -> str:
    """The way out for what a refusal is most likely about; "" when nothing is known of it."""
    said = f"{refusal.code} {refusal.message}"
    return next((cause.hint for cause in CAUSES if re.search(cause.pattern, said)), "")


def names_no_workspace(refusal: Refusal) -> bool:
    """Whether a 404 is about the workspace, or what it is in, and not about something in it."""
    return bool(_NO_WORKSPACE.search(f"{refusal.code} {refusal.message}"))


def error_of(refusal: Refusal, what: str) -> WorkspaceError:
    """The exception for a refusal; `what` says in a few words what was attempted ("create deployment e/blue")."""
    kind = _kind(refusal)
    said = refusal.message or f"HTTP status {refusal.status}, without a reason"
    return kind(
        f"Could not {what}: {said}",
        hint=_hint(refusal, kind),
        code=refusal.code,
        correlation_id=refusal.correlation_id,
    )


def _kind(refusal: Refusal) -> type[WorkspaceError]:
    match refusal.status:
        case 0:
            return Unreachable
        case 401 | 403:
            return SignInFailed
        case 404:
            return NotFound
        case _ if refusal.busy:
            return Busy
        case _:
            return OperationFailed if refusal.of_operation else WorkspaceError


def _hint(refusal: Refusal, kind: type[WorkspaceError]) -> str:
    if refusal.status == 401:
        return SIGN_IN_HINT
    if refusal.status == 404 and names_no_workspace(refusal):
        return COORDINATES_HINT
    if found := likely_cause(refusal):
        return found
    if refusal.status == 403:
        return "Your account may not do this: ask for the role `AzureML Data Scientist` on the workspace."
    return {
        Unreachable: "Check the network, the proxy settings, and that the address is right.",
        Busy: "Somebody else is changing it: wait a little and run it again.",
    }.get(kind, "")


def sign_in_failed(reason: str) -> SignInFailed:
    """No credential was found, or Entra ID accepted none of them; `reason` in one line."""
    return SignInFailed(f"No Azure credential works here: {reason}", hint=SIGN_IN_HINT)
