"""YAML of `az ml` as it is, moved to where specs are: what changes are the paths of files that it names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from deployer.authoring.documents.kind_of import kind_of
from deployer.authoring.project_index import REMOTE
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import Parsed, parse
from deployer.core.errors import UsageError
from deployer.core.references import is_reference

PATHS = (
    ("code_configuration", "code"),
    ("model", "path"),
    ("environment", "conda_file"),
    ("environment", "build", "path"),
    ("path",),
    ("conda_file",),
    ("build", "path"),
)
"""Fields that name files beside the YAML: of deployments, and of models and environments of their own."""


def az_file(file: Path, place: Path) -> str:
    """The text of a CLI v2 file as it has to be in `place`. Raises SpecError or UsageError for what is none."""
    text = read_text(file, str(file))
    parsed = parse(text, str(file))
    told = kind_of(parsed.data, text, str(file)) if isinstance(parsed.data, dict) else None
    if told is None or told.kind is None:
        hint = "Name the files that `az ml online-endpoint create -f` and `az ml online-deployment create -f` take."
        raise UsageError(f"{file} is no endpoint, deployment, model or environment", hint=hint)
    lines = text.splitlines(keepends=True)
    for path, name in _named(parsed):
        number = parsed.values[path][0] - 1
        moved = Path(os.path.relpath(file.parent / name, place.parent)).as_posix()
        head, found, rest = lines[number].rpartition(name)
        lines[number] = f"{head}{moved}{rest}" if found else lines[number]
    return "".join(lines)


def _named(parsed: Parsed) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The relative paths in a file, by their place in it."""
    for path in PATHS:
        value = parsed.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and not (is_reference(value) or REMOTE.match(value) or Path(value).is_absolute()):
            yield path, value
