"""The rule for names of endpoints and deployments."""

from __future__ import annotations

import re

from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import WRONG_NAME

_NAME = re.compile(r"[A-Za-z][-A-Za-z0-9]{1,30}[A-Za-z0-9]")


def check_name(name: str) -> None:
    """Refuse a name that Azure does not accept (https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas)."""
    if not _NAME.fullmatch(name):
        raise ArmRefused(WRONG_NAME, {"name": name})
