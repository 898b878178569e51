"""When a user must confirm a write, and which question to ask. Pure: the commands ask."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from deployer.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question before a write. Only the exact `answer` confirms; `without_terminal` is the hint for pipelines."""

    text: str
    answer: str
    without_terminal: str


def before_apply(*, env: str, local: bool, yes: bool, reviewed: bool) -> Question | None:
    """The question before an apply; None for the local workspace, a saved plan (it was reviewed) and `--yes`."""
    if local or yes or reviewed:
        return None
    return Question(
        text=f"Apply these changes to env {env}? Only 'yes' is accepted:",
        answer="yes",
        without_terminal="Pass --yes, or apply a saved plan: `deployer apply plan.json`.",
    )


def before_rollback(*, local: bool, yes: bool) -> Question | None:
    """The question before a rollback; None for the local workspace and `--yes`."""
    if local or yes:
        return None
    return Question(
        text="Restore this traffic split? Only 'yes' is accepted:", answer="yes", without_terminal="Pass --yes."
    )


def before_rotation(endpoint: str, which: str, *, local: bool, yes: bool) -> Question | None:
    """The question before a key is replaced; None for the local workspace and `--yes`."""
    if local or yes:
        return None
    return Question(
        text=f"Callers that use the {which} key of {endpoint} will be refused. Replace it? Only 'yes' is accepted:",
        answer="yes",
        without_terminal="Pass --yes.",
    )


def before_destroy(endpoints: Sequence[str], *, named: str) -> Question | None:
    """The question before endpoints are deleted, even locally; None if `named` (from `--yes`) names them all.

    Raises UsageError if it names anything else.
    """
    names = " ".join(endpoints)
    say = f"To confirm, pass --yes {shlex.quote(names)}."
    if named == names:
        return None
    if named:
        raise UsageError(f"--yes names {named!r}, but these specs delete {names!r}; nothing was deleted", hint=say)
    return Question(
        text=f"Type {names!r} to confirm the deletion, including all deployments:", answer=names, without_terminal=say
    )
