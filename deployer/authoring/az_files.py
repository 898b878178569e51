"""YAML of `az ml` as it is, moved to where specs are: what changes are the paths of files that it names."""

from __future__ import annotations

import os
from pathlib import Path

from deployer.authoring.documents.document import Document
from deployer.authoring.documents.kind_of import kind_of
from deployer.authoring.rules.named_paths import named_paths
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import parse
from deployer.authoring.text.render import Rendered
from deployer.authoring.text.sourcemap import same_place
from deployer.core.errors import UsageError


def az_file(file: Path, place: Path) -> str:
    """The text of a CLI v2 file as it has to be in `place`. Raises SpecError or UsageError for what is none."""
    text = read_text(file, str(file))
    parsed = parse(text, str(file))
    told = kind_of(parsed.data, text, str(file)) if isinstance(parsed.data, dict) else None
    if not isinstance(parsed.data, dict) or told is None or told.kind is None:
        hint = "Name the files that `az ml online-endpoint create -f` and `az ml online-deployment create -f` take."
        raise UsageError(f"{file} is no endpoint, deployment, model or environment", hint=hint)
    document = Document(
        file=str(file),
        folder=file.parent,
        rendered=Rendered(file=str(file), text=text, locate=same_place(str(file))),
        parsed=parsed,
        data=parsed.data,
        kind=told.kind,
    )
    lines = text.splitlines(keepends=True)
    for path, name in named_paths(document):
        if not Path(name).is_absolute():
            _move(lines, parsed.values[path][0] - 1, name, Path(os.path.relpath(file.parent / name, place.parent)))
    return "".join(lines)


def _move(lines: list[str], number: int, name: str, moved: Path) -> None:
    """Write the new path of a file into its line, where the old one stands as it is."""
    head, found, rest = lines[number].rpartition(name)
    lines[number] = f"{head}{moved.as_posix()}{rest}" if found else lines[number]
