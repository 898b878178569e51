"""When somebody has to agree before anything is written, and to what question. Pure: the commands do the asking."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from deployer.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask before a write. Only `answer`, letter for letter, agrees; `without_terminal` says how to agree where
    nobody can be asked.
    """

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
        without_terminal="Say --yes, or apply a saved plan: `deployer apply plan.json`.",
    )


def before_rollback(*, local: bool, yes: bool) -> Question | None:
    """The question before a rollback; None for the local workspace and `--yes`."""
    if local or yes:
        return None
    return Question(text="Put this traffic back? Only 'yes' is accepted:", answer="yes", without_terminal="Say --yes.")


def before_destroy(endpoints: Sequence[str], *, named: str) -> Question | None:
    """The question before endpoints are deleted, also in the local workspace; None when `--yes` has `named` them all.

    Raises UsageError when it named others.
    """
    names = " ".join(endpoints)
    say = f"Say --yes {shlex.quote(names)} if you mean it."
    if named == names:
        return None
    if named:
        raise UsageError(f"--yes names {named!r}, but these specs delete {names!r}; nothing was deleted", hint=say)
    return Question(text=f"Type {names!r} to delete with all deployments:", answer=names, without_terminal=say)
