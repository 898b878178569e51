"""What faults are put into, and the functions in which no fault may go unnoticed."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.mutants.testing import ROOT

PACKAGES = ("planning", "applying", "azureml", "commands", "core", "kinds", "pipeline", "report")
SOURCES = (
    *(f"deployer/{package}/*.py" for package in PACKAGES[:-2]),
    "deployer/pipeline.py",
    "deployer/workspaces.py",
    "deployer/core/redaction.py",
)
"""Of the reports, what masks."""

CAREFUL: Mapping[str, str] = {
    "deployer/azureml/execute.py": ".*",
    "deployer/azureml/bookkeeping.py": ".*",
    "deployer/azureml/kinds/*.py": "put|write|delete|entity|delete_and_wait|settled|split_of|shares|_?notes|notes_of",
    "deployer/applying/consent.py": ".*",
    "deployer/applying/step.py": "carry_out|write|_is_done|_check_.*|_with_current_values|health_problem",
    "deployer/applying/undo.py": ".*",
    "deployer/commands/console.py": r"Console\.(keep_secret|err|has_terminal|diagnostics|check_can_ask|agrees)",
    "deployer/commands/destroy_rollback.py": "destroy|rollback",
    "deployer/commands/plan_apply_drift.py": "apply|_check_same|carry_out",
    "deployer/pipeline.py": "_load_and_observe|refuse_blocked|apply",
    "deployer/workspaces.py": "open_endpoint|open_workspace",
    "deployer/planning/safety.py": "(?!_way_round).*",
    "deployer/core/redaction.py": ".*",
}
"""Files (patterns) and functions that write to the workspace, delete, ask, or mask; safety says what must not run."""


def package_of(file: Path) -> str:
    """The package of `deployer` that a file is in."""
    return file.parts[1].removesuffix(".py")


def is_careful(file: Path, scope: str) -> bool:
    """Whether a fault there may not go unnoticed."""
    return any(
        fnmatch.fnmatch(file.as_posix(), pattern) and re.fullmatch(functions, scope) is not None
        for pattern, functions in CAREFUL.items()
    )


def files() -> Iterator[Path]:
    """The files that faults are put into, from the root of the project."""
    for file in sorted((ROOT / "deployer").rglob("*.py")):
        path = file.relative_to(ROOT)
        if any(fnmatch.fnmatch(path.as_posix(), pattern) for pattern in SOURCES):
            yield path
