"""Commands that messages advise: told without a place, printed as they have to be typed where the user is."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ENDPOINTS = frozenset(
    [
        "plan",
        "apply",
        "drift",
        "destroy",
        "rollback",
        "render",
        "score",
        "status",
        "history",
        "logs",
        "keys",
        "open",
        "doctor",
    ]
)
"""The commands that take --endpoint, --env and --project."""
ENVS = ENDPOINTS | {"validate", "import", "diff", "init"}
"""Those that take --env and --project."""
PROJECTS = ENVS | {"local"}
"""Those that take --project."""

DEFAULT_ENV = "local"
_IN_TICKS = re.compile(r"`deployer(\s+[a-z][^`]*)`")
_NEXT = re.compile(r"^Next: deployer( [a-z].*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a command acts, as its options said, and what it was called by."""

    program: str = "deployer"
    env: str = DEFAULT_ENV
    project: Path = Path()
    endpoint: str = ""


def program() -> str:
    """How this program is called from here: by its name where that finds it, else by its path, as from `make`."""
    from shutil import which  # late, as shlex below: `deployer --help` does not pay for them

    called = Path(sys.argv[0])
    found = which("deployer")
    if called.name != "deployer" or (found and Path(found).resolve() == called.resolve()):
        return "deployer"
    return _quoted(os.path.relpath(called))


def _quoted(text: str) -> str:
    from shlex import quote

    return quote(text)


def in_context(text: str, context: Context) -> str:
    """`text` with every command that it advises (in backticks, or after "Next: ") as it is to be typed."""
    ticked = _IN_TICKS.sub(lambda found: f"`{as_typed(found[1], context)}`", text)
    return _NEXT.sub(lambda found: f"Next: {as_typed(found[1], context)}", ticked)


def as_typed(call: str, context: Context) -> str:
    """A command of the deployer, given from the blank after its name on, with what leads it to where `context` is.

    Options that it has already stay, and so do its line breaks.
    """
    command, *words = call.split()
    given = {word.partition("=")[0] for word in words}
    # The plan in a file says itself which env and endpoint it is for.
    is_saved = command == "apply" and bool(words) and not words[0].startswith("-")
    wanted = (
        ("--env", context.env, context.env != DEFAULT_ENV and command in ENVS and not is_saved),
        ("--endpoint", context.endpoint, bool(context.endpoint) and command in ENDPOINTS and not is_saved),
        ("--project", str(context.project), context.project != Path() and command in PROJECTS),
    )
    added = [f" {flag} {_quoted(value)}" for flag, value, applies in wanted if applies and flag not in given]
    return f"{context.program}{call}{''.join(added)}"
