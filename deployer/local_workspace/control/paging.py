"""Lists, a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import LAST_PAGE, WRONG_BODY
from deployer.local_workspace.control.request import Call, Reply
from deployer.local_workspace.store import Document

_PAGE = 100


def page(
    context: ServerContext, call: Call, items: list[Document], size: str, body: Callable[[Document], Any]
) -> Reply:
    """The page of `items` that `$skip` names, of the length that parameter `size` says; no nextLink on the last."""
    asked = call.query.get(size, str(_PAGE))
    if not asked.isdecimal() or not int(asked):
        raise ArmRefused(WRONG_BODY, {"path": size, "problem": f"The value '{asked}' is not a number above 0."})
    count, begin = min(int(asked), _PAGE), _position(call.query.get("$skip"))
    reply: dict[str, Any] = {"value": [body(item) for item in items[begin : begin + count]]}
    rest = begin + count < len(items)
    # $top bounds a list as a whole: "the newest one" is one page and no more.
    if rest and (size != "$top" or "$top" not in call.query):
        query = dict(call.query) | {"$skip": _token(begin + count)}
        reply["nextLink"] = f"{context.base}{call.path}?{urlencode(query, safe='$')}"
    return Reply(body=reply)


def after_offset(items: list[Document], call: Call) -> list[Document]:
    """The items without as many of the first as the parameter `offset` says."""
    asked = call.query.get("offset", "0")
    if not asked.isdecimal():
        raise ArmRefused(WRONG_BODY, {"path": "offset", "problem": f"The value '{asked}' is not a number."})
    return items[int(asked) :]


def holds(values: Mapping[str, str], asked: str | None) -> bool:
    """Whether a map has every `name` or `name=value` of a comma-separated list, as lists are narrowed by tags."""
    for part in asked.split(",") if asked else ():
        name, equals, value = part.partition("=")
        if name not in values or (equals and values[name] != value):
            return False
    return True


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page-{position}".encode()).decode()


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page-"))
    except (ValueError, binascii.Error) as error:
        raise ArmRefused(LAST_PAGE, {"token": token}) from error
