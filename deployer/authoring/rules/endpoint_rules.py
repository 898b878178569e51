"""Rules for endpoints and their traffic.

Sources: https://learn.microsoft.com/azure/machine-learning/how-to-safely-rollout-online-endpoints (traffic, mirroring),
https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online-auth (authentication),
https://learn.microsoft.com/azure/machine-learning/how-to-access-resources-from-endpoints-managed-identities (identity).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.project_index import World
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.compute import is_kubernetes
from deployer.core.diagnostics import Severity
from deployer.kinds.spelling import snake

MIRROR_MAXIMUM = 50
IDENTITY_ID = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.managedidentity/userassignedidentities/[^/]+/?",
    re.IGNORECASE,
)
STORES_PROPERTY = "enforce_access_to_default_secret_stores"


def shares(document: Document, key: str) -> Mapping[str, int]:
    """The entries of a traffic map with whole numbers."""
    return {name: share for name, share in document.map(key).items() if type(share) is int}


def traffic_sum(document: Document, _world: World) -> Iterator[Fault]:
    """Shares of live traffic add up to 0 or 100."""
    total = sum(shares(document, "traffic").values())
    if total not in (0, 100) and len(shares(document, "traffic")) == len(document.map("traffic")):
        hint = "Change the shares so that they add up to 100, or to 0 for no traffic at all."
        yield Fault(path=("traffic",), on_key=True, summary=f"traffic adds up to {total}, not 0 or 100", detail=hint)


def traffic_name(document: Document, world: World) -> Iterator[Fault]:
    """Traffic goes to declared deployments only."""
    if not (world.whole and world.complete):
        return
    known = {item.text("name") for item in world.deployments_of(document.text("name"))}
    lowered = {name.lower() for name in known}
    for key in ("traffic", "mirror_traffic"):
        for name in document.map(key):
            if name.lower() not in lowered:
                there = (
                    f"Its deployments: {', '.join(sorted(known))}." if known else "This endpoint has no deployments."
                )
                summary = f"`{key}` names `{name}`, which is not a deployment of this endpoint"
                yield Fault(path=(key, name), on_key=True, summary=summary, detail=did_you_mean(name, known) or there)


def mirror_limit(document: Document, _world: World) -> Iterator[Fault]:
    """At most 50 percent of the requests are mirrored."""
    for name, share in shares(document, "mirror_traffic").items():
        if share > MIRROR_MAXIMUM:
            summary = f"mirrors {share} % of the traffic; the maximum is {MIRROR_MAXIMUM} %"
            yield Fault(path=("mirror_traffic", name), summary=summary, detail=f"Write {MIRROR_MAXIMUM} or less.")


def mirror_several(document: Document, _world: World) -> Iterator[Fault]:
    """Requests are mirrored to at most one deployment."""
    mirrored = [name for name, share in shares(document, "mirror_traffic").items() if share]
    for name in mirrored[1:]:
        summary = f"mirrors to {' and '.join(mirrored)}; only one deployment can get mirrored traffic"
        yield Fault(path=("mirror_traffic", name), on_key=True, summary=summary, detail="Keep one of them.")


def mirror_live(document: Document, _world: World) -> Iterator[Fault]:
    """A deployment does not get both live and mirrored traffic."""
    live = {name.lower() for name, share in shares(document, "traffic").items() if share}
    for name, share in shares(document, "mirror_traffic").items():
        if share and name.lower() in live:
            summary = f"`{name}` gets both live and mirrored traffic"
            hint = "Mirror to a deployment whose share of `traffic` is 0."
            yield Fault(path=("mirror_traffic", name), on_key=True, summary=summary, detail=hint)


def mirror_kubernetes(document: Document, _world: World) -> Iterator[Fault]:
    """Kubernetes endpoints do not mirror traffic."""
    if is_kubernetes(document.data) and any(shares(document, "mirror_traffic").values()):
        summary = "Kubernetes endpoints cannot mirror traffic"
        yield Fault(path=("mirror_traffic",), on_key=True, summary=summary, detail="Remove `mirror_traffic`.")


def aad_kubernetes(document: Document, _world: World) -> Iterator[Fault]:
    """Kubernetes endpoints do not use Microsoft Entra ID."""
    if is_kubernetes(document.data) and snake(document.text("auth_mode")) == "aad_token":
        hint = "Use key or aml_token."
        yield Fault(path=("auth_mode",), summary="Kubernetes endpoints cannot use aad_token", detail=hint)


def identity_shape(document: Document, _world: World) -> Iterator[Fault]:
    """Identities are listed if and only if the type is user_assigned, by valid resource ids."""
    kind = snake(str(document.meant("identity", "type")))
    listed = document.get("identity", "user_assigned_identities")
    entries = listed if isinstance(listed, list) else []
    if kind == "user_assigned" and not entries:
        hint = "Add `user_assigned_identities:` with one `- resource_id: /subscriptions/…`."
        yield Fault(
            path=("identity", "type"), summary="the type is user_assigned, but no identity is listed", detail=hint
        )
    if kind != "user_assigned" and entries:
        summary = f"identities are listed, but the type is {kind}"
        path = ("identity", "user_assigned_identities")
        yield Fault(path=path, on_key=True, summary=summary, detail="Write `type: user_assigned`, or remove the list.")
    for index, entry in enumerate(entries):
        yield from _identity_id(index, entry.get("resource_id") if isinstance(entry, dict) else None)


def _identity_id(index: int, resource_id: object) -> Iterator[Fault]:
    path = ("identity", "user_assigned_identities", index, "resource_id")
    if isinstance(resource_id, str) and not IDENTITY_ID.fullmatch(resource_id):
        summary = f"`{resource_id}` is not the resource id of a user-assigned identity"
        hint = "Expected: /subscriptions/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>."
        yield Fault(path=path, summary=summary, detail=hint, severity=Severity.WARNING)


def secret_store_identity(document: Document, _world: World) -> Iterator[Fault]:
    """Enforced access to secret stores requires the system-assigned identity."""
    enforced = document.text("properties", STORES_PROPERTY).lower() == "enabled"
    kind = snake(str(document.meant("identity", "type")))
    if enforced and kind != "system_assigned":
        summary = f"`{STORES_PROPERTY}` needs the system-assigned identity"
        hint = "Remove it, and grant the user-assigned identity access to the stores yourself."
        yield Fault(path=("properties", STORES_PROPERTY), on_key=True, summary=summary, detail=hint)
