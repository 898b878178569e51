"""One spec file after reading: its kind, its data, and the way back from every field to a place in the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.authoring.text import parse
from deployer.authoring.text.render import Rendered
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.resources import Kind

FieldPath = parse.Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a rule found: at a field (`on_key`: at its name), one sentence, and the way out."""

    path: FieldPath
    summary: str
    detail: str = ""
    on_key: bool = False
    code: str = ""
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: `data` holds fields as YAML 1.2 reads them, `folder` is where its relative paths begin.

    `overridden` are the paths that `--set` wrote.
    """

    file: str
    folder: Path
    rendered: Rendered
    parsed: parse.Parsed
    data: dict[str, Any]
    kind: Kind | None = None
    overridden: frozenset[FieldPath] = frozenset()
    faults: Sequence[Fault] = field(default_factory=tuple)

    def place(self, path: FieldPath, *, on_key: bool = False) -> Location:
        """Where a field stands in the template; the beginning of the file when the source map cannot be trusted."""
        line, column = self.parsed.line_column(path, key=on_key)
        return self.rendered.locate(line, column) or Location(file=self.file)

    def diagnostic(self, code: str, fault: Fault) -> Diagnostic:
        """A fault as a diagnostic."""
        return Diagnostic(
            severity=fault.severity,
            code=fault.code or code,
            summary=fault.summary,
            location=self.place(fault.path, on_key=fault.on_key),
            detail=" ".join(part for part in (fault.detail, self._note(fault)) if part),
            path=dotted(fault.path),
        )

    def _note(self, fault: Fault) -> str:
        """What a reader must know to find the place: that `--set` wrote it, or that the template hides it."""
        if any(fault.path[: len(path)] == path for path in self.overridden):
            return f"(`{dotted(fault.path)}` was set with --set.)"
        line, column = self.parsed.line_column(fault.path, key=fault.on_key)
        if self.rendered.locate(line, column):
            return ""
        return f"(The line in the template is unknown; line {line} of the rendered text is: {self.rendered.line(line)})"

    def writes(self, *path: str | int) -> bool:
        """Whether the file, or `--set`, says something at a path, rather than the deployer for it."""
        return path in self.parsed.values or path in self.overridden

    def get(self, *path: str | int) -> Any:
        """The value at a path, or None."""
        return at(self.data, path)

    def text(self, *path: str | int) -> str:
        """The text at a path, or ""."""
        value = self.get(*path)
        return value if isinstance(value, str) else ""

    def map(self, *path: str | int) -> Mapping[str, Any]:
        """The map at a path, or an empty one."""
        value = self.get(*path)
        return value if isinstance(value, dict) else {}


def at(data: Any, path: FieldPath) -> Any:
    """The value at a path in plain data, or None where there is none."""
    for part in path:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and part in range(len(data))
        if not inside:
            return None
        data = data[part]
    return data


def dotted(path: FieldPath) -> str:
    """A path in the notation of messages: `request_settings.request_timeout_ms`, `steps[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
