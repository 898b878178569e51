"""The template files of one run, and the files that they may include."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.spec_lines import spec_lines
from deployer.core.fields import is_free_text, schema_name
from deployer.kinds import DOCUMENTS

OPENING = re.compile(r"\{[{%#]")
AZURE = re.compile(r"\$\{\{(?!\{)")
GUARDS = {"{{": "\U000ff000\U000ff001", "{#": "\U000ff000\U000ff002", "{%": "\U000ff000\U000ff003"}
RESERVED = re.compile("[\U000ff000-\U000ff003]")
PLAIN = re.compile(r"^x-template:[ \t]+false[ \t]*(?:#.*)?$", re.MULTILINE)
"""The line by which a file says that it is no template: text, since it is looked for before there is any YAML."""


def guarded(text: str, *, in_text: bool = True) -> str:
    """A template in which what Jinja2 shall not see is hidden; columns stay the same.

    That is Azure's own `${{`, what YAML comments hold (but `{%`), and, unless `in_text`, all braces in free text.
    """
    text = AZURE.sub("$" + GUARDS["{{"], text)
    if not OPENING.search(text) or ("#" not in text and in_text):
        return text
    lines = text.split("\n")
    for line in spec_lines(text):
        at = line.number - 1
        if line.comment:
            lines[at] = lines[at].replace("{{", GUARDS["{{"]).replace("{#", GUARDS["{#"])
        elif not in_text and OPENING.search(lines[at]) and in_free_text(line.path):
            lines[at] = OPENING.sub(lambda match: GUARDS[match[0]], lines[at])
    return "\n".join(lines)


def in_free_text(keys: tuple[str, ...]) -> bool:
    """Whether some kind of spec has free text at these keys, or below them on the same line."""
    return any(is_free_text(schema_name(kind), (*keys, *below)) for kind in DOCUMENTS for below in ((), ("",)))


def unguarded(text: str) -> str:
    """Text with everything restored that was hidden."""
    for shown, hidden in GUARDS.items():
        text = text.replace(hidden, shown)
    return text


def first_tag(template: str) -> tuple[int, int]:
    """The line and column of the first tag, both from 1; (1, 1) without one."""
    before = template[: match.start()] if (match := OPENING.search(template)) else ""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


@dataclass(slots=True, kw_only=True)
class Templates:
    """The files below `root` (the specs folder, relative to `project`) that templates may include, and their scope.

    Outside a project braces in free text are text: `in_text` is false. `processes` holds the one that renders with
    Jinja2 once it is needed; `close` ends it.
    """

    project: Path
    root: str
    scope: Scope
    in_text: bool = True
    sources: dict[str, str] = field(default_factory=dict)
    processes: list[Any] = field(default_factory=list)

    def close(self) -> None:
        """End the process that renders; another one starts where it is needed again."""
        for process in self.processes:
            process.close()
        self.processes.clear()

    def add(self, file: str, text: str) -> None:
        """Store the text of a file before rendering it."""
        self.sources[file] = guarded(text, in_text=self.in_text)

    def path_of(self, name: str) -> str:
        """The project-relative path of an included file."""
        return posixpath.normpath(posixpath.join(self.root, name))

    def relative(self, path: str) -> str:
        """A project-relative path as a path relative to the root, the form in templates."""
        return posixpath.relpath(path, self.root or ".")

    def source(self, path: str) -> str | None:
        """The guarded text of a file in the root folder; None if it does not exist or is outside.

        Raises SpecError if it is not readable as text.
        """
        if path not in self.sources and self._is_inside(path):
            self.add(path, read_text(self.project / path, path))
        return self.sources.get(path)

    def _is_inside(self, path: str) -> bool:
        """Whether a path is a file in the root folder, after following links."""
        root = (self.project / self.root).resolve()
        target = (self.project / path).resolve()
        return target.is_file() and target.is_relative_to(root)

    def line(self, path: str, number: int) -> str:
        """One line of a stored template."""
        lines = self.sources.get(path, "").split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def names(self) -> list[str]:
        """The names of all files that can be included."""
        folder = self.project / self.root
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
