"""keys: show the keys of an endpoint, and replace them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deployer.applying.consent import before_rotation
from deployer.commands.console import Console
from deployer.core.errors import UsageError
from deployer.core.workspace import KeyName
from deployer.report.answers import keys_json, keys_text
from deployer.workspaces import Request, is_local, open_endpoint

Printed = Literal["primary", "secondary", "token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to do with the keys: show both (in full with `show_secrets`), print one alone, or replace one."""

    show_secrets: bool = False
    alone: Printed | None = None
    rotate: KeyName | None = None
    yes: bool = False
    json: bool = False


def keys(request: Request, wish: Wish, console: Console) -> int:
    """Print the keys of an endpoint, truncated unless they are asked for, or replace one of them."""
    if wish.alone and (wish.rotate or wish.json):
        raise UsageError("--print prints a key and nothing else", hint="Leave --rotate and --json away.")
    if wish.rotate:
        return _rotate(request, wish.rotate, wish, console)
    workspace, endpoint = open_endpoint(request, console)
    if wish.alone == "token":
        console.out(workspace.bearer(endpoint))
        return 0
    _show(workspace.keys(endpoint), wish, console)
    return 0


def _show(both: tuple[str, str], wish: Wish, console: Console) -> None:
    primary, secondary = both
    if wish.alone:
        console.out(primary if wish.alone == "primary" else secondary)
        return
    shown = keys_json if wish.json else keys_text
    console.out(shown(primary, secondary, show_secrets=wish.show_secrets))


def _rotate(request: Request, which: KeyName, wish: Wish, console: Console) -> int:
    local = is_local(request)
    console.check_can_ask(before_rotation("the endpoint", which, local=local, yes=wish.yes))
    workspace, endpoint = open_endpoint(request, console)
    workspace.keys(endpoint)  # an endpoint without keys says so before anybody is asked
    if not console.agrees(before_rotation(endpoint, which, local=local, yes=wish.yes)):
        console.err("Nothing was changed.")
        return 1
    workspace.rotate_key(endpoint, which)
    _say_what_callers_do(endpoint, which, console)
    _show(workspace.keys(endpoint), wish, console)
    return 0


def _say_what_callers_do(endpoint: str, rotated: KeyName, console: Console) -> None:
    console.err(f"The {rotated} key of {endpoint} is new: callers that use the old one get status 401.")
    match rotated:
        case "primary":
            other, following = "secondary", "`deployer keys --rotate secondary`"
        case "secondary":
            other, following = "primary", "`deployer keys --rotate primary`"
    console.err(f"Callers that use the {other} one notice nothing. To replace that too, move them to the new key,")
    console.err(f"and then run {following}.")
