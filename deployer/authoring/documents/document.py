"""One spec file after reading: its kind, its data, and the place of every field in the template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.authoring.text import parse
from deployer.authoring.text.render import Rendered
from deployer.core.compute import compute_of
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.fields import field_at
from deployer.core.resources import Kind

FieldPath = parse.Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A problem found by a rule: its field (`on_key`: points at the key), one sentence, and how to fix it.

    `place` is elsewhere: in a file that the field names.
    """

    path: FieldPath
    summary: str
    detail: str = ""
    on_key: bool = False
    code: str = ""
    severity: Severity = Severity.ERROR
    place: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: `data` holds its fields as read by YAML 1.2, `folder` is the base of its relative paths.

    `overridden` are the paths set by `--set`.
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
        """The place of a field in the template; the start of the file if the source map is unreliable."""
        line, column = self.parsed.line_column(path, key=on_key)
        return self.rendered.locate(line, column) or Location(file=self.file)

    def diagnostic(self, code: str, fault: Fault) -> Diagnostic:
        """A fault as a diagnostic."""
        return Diagnostic(
            severity=fault.severity,
            code=fault.code or code,
            summary=fault.summary,
            location=fault.place or self.place(fault.path, on_key=fault.on_key),
            detail=" ".join(part for part in (fault.detail, self._note(fault)) if part),
            path=dotted(fault.path),
        )

    def _note(self, fault: Fault) -> str:
        """A note for finding the place: the value comes from `--set`, or its line in the template is unknown."""
        if any(fault.path[: len(path)] == path for path in self.overridden):
            return f"(`{dotted(fault.path)}` was set with --set.)"
        line, column = self.parsed.line_column(fault.path, key=fault.on_key)
        if fault.place or self.rendered.locate(line, column):
            return ""
        return f"(The line in the template is unknown; line {line} of the rendered text is: {self.rendered.line(line)})"

    def writes(self, *path: str | int) -> bool:
        """Whether the file or `--set` defines a path, as opposed to the deployer."""
        return path in self.parsed.values or path in self.overridden

    def get(self, *path: str | int) -> Any:
        """The value at a path, or None."""
        return at(self.data, path)

    def meant(self, *path: str) -> Any:
        """The value at a path, or its default if it is omitted."""
        value = self.get(*path)
        if value is not None or self.kind is None:
            return value
        return field_at(self.kind, path).default_on(compute_of(self.data))

    def text(self, *path: str | int) -> str:
        """The text at a path, or ""."""
        value = self.get(*path)
        return value if isinstance(value, str) else ""

    def get_list(self, *path: str | int) -> Sequence[Any]:
        """The list at a path, or an empty one."""
        value = self.get(*path)
        return value if isinstance(value, list) else ()

    def map(self, *path: str | int) -> Mapping[str, Any]:
        """The map at a path, or an empty one."""
        value = self.get(*path)
        return value if isinstance(value, dict) else {}


def at(data: Any, path: FieldPath) -> Any:
    """The value at a path in plain data, or None."""
    for part in path:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and part in range(len(data))
        if not inside:
            return None
        data = data[part]
    return data


def dotted(path: FieldPath) -> str:
    """A path as shown in messages: `request_settings.request_timeout_ms`, `steps[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
