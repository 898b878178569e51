"""Diagnostics as workflow commands, which GitHub shows next to the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from deployer.core.diagnostics import Diagnostic, Severity
from deployer.core.redaction import mask_of
from deployer.report.diagnostics_text import shown


def workflow_commands(
    diagnostics: Sequence[Diagnostic], *, secrets: frozenset[str] = frozenset(), root: str = ""
) -> str:
    """One `::error` or `::warning` line each, by place; `root` is the path of the project in the repository."""
    return "".join(_annotation(item, root) for item in shown(diagnostics, mask_of(secrets)))


def _annotation(item: Diagnostic, root: str) -> str:
    place = item.location
    properties = {
        "file": repository_path(root, place.file),
        "line": place.line,
        "col": place.column,
        "title": item.code,
    }
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = f"{item.summary}\n{item.detail}" if item.detail else item.summary
    return f"::{_command(item.severity)} {written}::{_message(message)}\n"


def _command(severity: Severity) -> str:
    match severity:
        case Severity.ERROR:
            return "error"
        case Severity.WARNING:
            return "warning"
    assert_never(severity)


def repository_path(root: str, file: str) -> str:
    """The path of a project file in the repository."""
    return f"{root.strip('/')}/{file}" if root.strip("/.") else file


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
