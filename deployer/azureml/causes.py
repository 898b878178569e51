"""Refusals and failures -> WorkspaceError: what happened, and a hint for the likely cause.

Causes: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deployer.azureml.network import network_hint
from deployer.azureml.refusal import Refusal
from deployer.azureml.sign_in import HINT
from deployer.core.errors import Busy, NotFound, OperationFailed, SignInFailed, Unreachable, WorkspaceError

TROUBLESHOOTING = "https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints"


@dataclass(frozen=True, slots=True)
class Cause:
    """A pattern for "<code> <message>", and a hint for fixing it."""

    pattern: str
    hint: str


CAUSES = (
    Cause(
        r"OutOfQuota|[Nn]ot enough quota",
        "The quota for this VM size in this region is too small; Azure also reserves 20 % for upgrades. Choose another "
        "`instance_type` or fewer instances, delete unused deployments, or request more quota in the Azure portal.",
    ),
    Cause(
        r"unrecoverable state|failed during initial provisioning",
        "Its creation failed, so it must be deleted and created again: the next plan proposes that.",
    ),
    Cause(
        r"not been created successfully",
        "The endpoint was never created; the next plan proposes to replace it.",
    ),
    Cause(
        r"already an endpoint with this name|needs to be unique",
        "Endpoint names are unique in a region, and a deleted name stays reserved for a while: choose another name.",
    ),
    Cause(
        r"ImageBuildFailure|[Ii]mage build",
        "The image build of the environment failed: read the build log in the workspace's storage, and check "
        "`conda_file` and `image`.",
    ),
    Cause(
        r"ResourceNotReady|crashed or terminated|Liveness probe failed|Readiness probe failed",
        "The container does not start: check its log for errors in init() or imports, or give the probes more time.",
    ),
    Cause(
        r"ModelRegistryError|ModelNotFound|[Mm]odel .*not found",
        "The model cannot be read: check its name and version, and that the endpoint's identity can read the storage.",
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
        "A secret could not be injected: the endpoint's identity needs read access to the workspace's connections "
        "or its key vault.",
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
        "Azure gave no reason: check the container logs and the endpoint's page in Azure ML studio.",
    ),
    Cause(r"BadArgument", "Azure rejected one of the values; the message names it."),
    Cause(r"OperationCanceled", "Another operation on the same resource came first: run the command again."),
    Cause(
        r"InternalServerError",
        "Azure failed internally: run the command again; if it fails again, give the correlation ID to Azure support.",
    ),
)

_NO_WORKSPACE = re.compile(
    r"ResourceGroupNotFound|SubscriptionNotFound|InvalidSubscriptionId|WorkspaceNotFound|ParentResourceNotFound"
    r"|workspaces/[^/' ]+' under resource group|Workspace not found"
)
COORDINATES_HINT = (
    "Check `workspace` (subscription_id, resource_group, name) in the env file, and the tenant of `az login`."
)


def likely_cause(refusal: Refusal) -> str:
    """A hint for the likely cause of a refusal; "" if it is unknown."""
    said = f"{refusal.code} {refusal.message}"
    return next((cause.hint for cause in CAUSES if re.search(cause.pattern, said)), "")


def names_no_workspace(refusal: Refusal) -> bool:
    """Whether a 404 is about the workspace or its parents, as opposed to a resource in it."""
    return bool(_NO_WORKSPACE.search(f"{refusal.code} {refusal.message}"))


def error_of(refusal: Refusal, what: str, *, retry_seconds: float = 0.0) -> WorkspaceError:
    """The exception for a refusal; `what` completes "Could not ..." ("create deployment e/blue")."""
    kind = _kind(refusal)
    said = refusal.message or f"HTTP status {refusal.status}, without a reason"
    return kind(
        f"Could not {what}: {said}",
        hint=_hint(refusal, kind),
        code=refusal.code,
        correlation_id=refusal.correlation_id,
        retry_seconds=retry_seconds,
        retry_after=refusal.retry_after,
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
        return HINT
    if refusal.status == 404 and names_no_workspace(refusal):
        return COORDINATES_HINT
    if found := likely_cause(refusal):
        return found
    if refusal.status == 403:
        return "Your account lacks permission: ask for the role `AzureML Data Scientist` on the workspace."
    if kind is Unreachable:
        return network_hint(refusal.message) or "Check the network, the proxy settings and the address."
    if kind is Busy:
        return "Another operation is changing it: wait a moment and run the command again."
    return ""
