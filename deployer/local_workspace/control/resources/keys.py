"""Credentials of endpoints: listKeys, regenerateKeys and token."""

from __future__ import annotations

from deployer.local_workspace.control import refusals
from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.operations import accepted_headers, begin, ended, status_url
from deployer.local_workspace.control.request import Call, Reply
from deployer.local_workspace.control.resources.endpoints import find, new_key
from deployer.local_workspace.control.shapes import OneOf, check
from deployer.local_workspace.store import Document

_REGENERATE = {"keyType": OneOf(("Primary", "Secondary")), "keyValue": str}


async def list_keys(context: ServerContext, call: Call) -> Reply:
    """POST onlineEndpoints/{endpoint}/listKeys."""
    return Reply(body=_with_keys(context, call)["keys"])


async def regenerate(context: ServerContext, call: Call) -> Reply:
    """POST onlineEndpoints/{endpoint}/regenerateKeys.

    The SDK sends the old value of the key along; a new one is made nevertheless.
    """
    check(call.content, _REGENERATE)
    endpoint = _with_keys(context, call)
    asked = (call.content.get("keyType") or "").lower()
    if not asked:
        raise ArmRefused(refusals.WRONG_BODY, {"path": "keyType", "problem": "The KeyType field is required."})
    endpoint["keys"] = endpoint["keys"] | {f"{asked}Key": new_key()}
    operation = ended(begin(context, call, "oeidp", "regenerate", call.key("endpoint")), None)
    with context.store.together():
        context.store.put("endpoint", call.key("endpoint"), endpoint)
        context.store.put("operation", operation["name"].lower(), operation)
    context.routes.refresh(call.key("endpoint"))
    return Reply(status=202, headers=accepted_headers(context, operation, status_url(context, operation, results=True)))


async def issue_token(context: ServerContext, call: Call) -> Reply:
    """POST onlineEndpoints/{endpoint}/token."""
    endpoint = find(context, call)
    if endpoint["authMode"] != "AMLToken":
        raise ArmRefused(refusals.NO_TOKENS, {"endpoint": endpoint["name"], "mode": endpoint["authMode"]})
    return Reply(body=context.tokens.issue(endpoint["name"], endpoint["name"]))


def _with_keys(context: ServerContext, call: Call) -> Document:
    endpoint = find(context, call)
    if endpoint["authMode"] != "Key":
        raise ArmRefused(refusals.NO_KEYS, {"endpoint": endpoint["name"], "mode": endpoint["authMode"]})
    return endpoint
