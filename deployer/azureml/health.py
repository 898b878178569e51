"""What Azure can be asked about a caller's own chances: sign-in, reachability, clock, permissions, providers, quota.

Azure has no dry run for online endpoints: whether a write is allowed is read off the list of permissions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from deployer.azureml.arm import Arm
from deployer.azureml.client import WorkspaceAccess
from deployer.core.errors import SignInFailed, WorkspaceError
from deployer.core.health import Condition, Health

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
ACTIONS = (
    f"{WORKSPACES}/read",
    f"{WORKSPACES}/onlineEndpoints/write",
    f"{WORKSPACES}/onlineEndpoints/delete",
    f"{WORKSPACES}/onlineEndpoints/listKeys/action",
    f"{WORKSPACES}/onlineEndpoints/deployments/write",
    f"{WORKSPACES}/onlineEndpoints/deployments/delete",
    f"{WORKSPACES}/models/versions/write",
    f"{WORKSPACES}/environments/versions/write",
    f"{WORKSPACES}/codes/versions/write",
    f"{WORKSPACES}/datastores/listSecrets/action",
)
"""What an apply needs: one action for each kind of request that it sends."""
PROVIDERS = ("Microsoft.MachineLearningServices", "Microsoft.PolicyInsights", "Microsoft.Cdn", "Microsoft.Insights")
"""https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints; the last one for metrics."""
SKEW = 300.0
"""Seconds by which a clock may be wrong: signatures of uploads and tokens hold no longer."""
NEARLY = 0.9
_PERMISSIONS, _REGISTRATION, _USAGES, _WORKSPACE = "2022-04-01", "2021-04-01", "2023-04-01", "2023-04-01"
REGISTER = "Run `az provider register --namespace {}`."


def conditions(access: WorkspaceAccess, arm: Arm) -> Iterator[Condition]:
    """The conditions in the order in which they depend on each other; after one that all others need, no more."""
    try:
        access.tokens.bearer(access.scope)
    except WorkspaceError as error:
        yield Condition(about="sign-in", health=Health.FAILED, found=error.message, cure=error.hint)
        return
    yield Condition(about="sign-in", health=Health.WELL, found="a token was given")
    try:
        workspace, headers = arm.looked("", _WORKSPACE)
    except WorkspaceError as error:
        yield Condition(about="workspace", health=Health.FAILED, found=error.message, cure=error.hint)
        return
    if workspace is None:
        cure = "Check `workspace` in the env file."
        yield Condition(about="workspace", health=Health.FAILED, found="there is none of this name", cure=cure)
        return
    location = str(workspace.get("location") or "")
    yield Condition(about="workspace", health=Health.WELL, found=f"it answers, in {location}")
    yield _clock(headers.get("date", ""))
    yield _asked("permissions", partial(_permissions, arm))
    for namespace in PROVIDERS:
        yield _asked(f"provider {namespace}", partial(_provider, arm, access, namespace))
    yield _asked("quota", partial(_quota, arm, access, location))


def _asked(about: str, look: Callable[[], Condition]) -> Condition:
    """What a look found; a look that is not allowed found nothing."""
    try:
        return look()
    except SignInFailed as error:
        return Condition(about=about, health=Health.UNKNOWN, found="this account may not look at it", cure=error.hint)
    except WorkspaceError as error:
        return Condition(about=about, health=Health.UNKNOWN, found=error.message, cure=error.hint)


def _silent(about: str) -> Condition:
    """What is not there to be asked says nothing, neither good nor bad."""
    return Condition(about=about, health=Health.UNKNOWN, found="nothing answers this question here")


def _clock(date: str) -> Condition:
    try:
        skew = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Condition(about="clock", health=Health.UNKNOWN, found="the answer carried no time")
    if abs(skew) <= SKEW:
        return Condition(about="clock", health=Health.WELL, found=f"within {SKEW:.0f} s of Azure's")
    cure = "Set the clock of this machine: tokens and signatures are refused."
    return Condition(about="clock", health=Health.FAILED, found=f"{skew:+.0f} s beside Azure's", cure=cure)


def _permissions(arm: Arm) -> Condition:
    found = arm.get("/providers/Microsoft.Authorization/permissions", _PERMISSIONS)
    if found is None:
        return _silent("permissions")
    rows = list(found.get("value") or [])
    lacking = [action for action in ACTIONS if not any(_allows(row, action) for row in rows)]
    if not lacking:
        return Condition(about="permissions", health=Health.WELL, found=f"all {len(ACTIONS)} actions of an apply")
    names = ", ".join(action.removeprefix(f"{WORKSPACES}/") for action in lacking)
    cure = "Ask for the role `AzureML Data Scientist` on the workspace; to plan, `Reader` is enough."
    return Condition(about="permissions", health=Health.WARNING, found=f"an apply lacks {names}", cure=cure)


def _allows(row: Mapping[str, Any], action: str) -> bool:
    """Whether one entry of the list gives an action and does not take it away again."""

    def covers(patterns: Any) -> bool:
        return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns or ())

    return covers(row.get("actions")) and not covers(row.get("notActions"))


def _provider(arm: Arm, access: WorkspaceAccess, namespace: str) -> Condition:
    found = arm.at(f"/subscriptions/{access.where.subscription_id}/providers/{namespace}", _REGISTRATION)
    about = f"provider {namespace}"
    if found is None:
        return _silent(about)
    state = str(found.get("registrationState") or "unknown")
    if state == "Registered":
        return Condition(about=about, health=Health.WELL, found="registered")
    return Condition(about=about, health=Health.WARNING, found=state.lower(), cure=REGISTER.format(namespace))


def _quota(arm: Arm, access: WorkspaceAccess, location: str) -> Condition:
    place = f"/subscriptions/{access.where.subscription_id}/providers/Microsoft.MachineLearningServices"
    found = arm.at(f"{place}/locations/{location}/usages", _USAGES)
    if found is None:
        return _silent("quota")
    rows = [row for row in found.get("value") or [] if int(row.get("limit") or 0) > 0]
    tight = [row for row in rows if int(row.get("currentValue") or 0) >= NEARLY * int(row["limit"])]
    if not tight:
        return Condition(about="quota", health=Health.WELL, found=f"room in all {len(rows)} families with a limit")
    told = ", ".join(f"{_name(row)} {row.get('currentValue')} of {row['limit']}" for row in tight)
    cure = "Delete what is not needed, or ask for more quota in Azure ML studio."
    return Condition(about="quota", health=Health.WARNING, found=f"nearly used up: {told}", cure=cure)


def _name(row: Mapping[str, Any]) -> str:
    name = row.get("name")
    return str(name.get("value") if isinstance(name, Mapping) else name)
