"""The custom roles give one action for each kind of request that a local workspace answers, and no more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deployer.azureml.health import ACTIONS
from deployer.local_workspace.control.routes import _BELOW_GROUP, _BELOW_LOCATION, _BELOW_WORKSPACE

ROLES = Path(__file__).parents[2] / "docs" / "roles"
PROVIDER = "Microsoft.MachineLearningServices"
VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
READING = {"getLogs"}
"""Actions that change nothing and tell no secret."""
UNUSED = {
    f"{PROVIDER}/workspaces/{kind}/{verb}"
    for kind in ("models", "environments", "data")
    for verb in ("write", "versions/delete", "delete")
} | {f"{PROVIDER}/workspaces/codes/read"}
"""What the local workspace answers, and neither the deployer nor the SDK asks in its service."""


def actions(name: str) -> set[str]:
    role = json.loads((ROLES / f"deployer-{name}.json").read_text(encoding="utf-8"))
    assert role["NotActions"] == role["DataActions"] == []
    return set(role["Actions"])


def action_of(method: str, path: str, above: str) -> str:
    """The action of a route: its types without names, and its verb, or what a POST calls."""
    nested = re.search(r"/providers/(.*)$", path)
    parts = [part for part in (nested[1] if nested else path).strip("/").split("/") if part and "{" not in part]
    start = [] if nested else [above]
    if method == "POST":
        return "/".join([*start, *parts, "action"])
    return "/".join([*start, *parts, VERBS[method]])


def asked() -> set[str]:
    found = {action_of(*key, f"{PROVIDER}/workspaces") for key in _BELOW_WORKSPACE}
    found |= {action_of(*key, "") for key in _BELOW_GROUP}
    return found | {action_of(*key, f"{PROVIDER}/locations") for key in _BELOW_LOCATION}


def test_applying_has_an_action_for_every_request_and_no_other() -> None:
    assert actions("apply") - asked() == set()
    assert asked() - actions("apply") - UNUSED == set()


def test_planning_reads_alone() -> None:
    reads = {action for action in actions("apply") if action.endswith("/read") or action.split("/")[-2] in READING}
    assert actions("plan") == reads


@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_doctor_looks_for_is_in_the_role(action: str) -> None:
    assert action in actions("apply")
