"""No literal secrets in the files that a spec names: conda files, Dockerfiles, and what is uploaded with the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deployer.authoring.containment import is_file, is_folder
from deployer.authoring.content_hash import uploaded_files
from deployer.authoring.documents.document import Document, Fault, FieldPath
from deployer.authoring.project_index import World, project_path, resolved
from deployer.authoring.rules.file_rules import build_contexts, conda_files
from deployer.authoring.text.encoding import MAX_BYTES
from deployer.core.diagnostics import Location
from deployer.core.references import is_reference
from deployer.core.secret_shapes import is_key_file, shapes_in

READ = frozenset(
    (".py", ".yml", ".yaml", ".json", ".toml", ".cfg", ".ini", ".txt", ".sh", ".conf", ".properties", ".ipynb")
)
"""The suffixes of text files among what is uploaded that are looked through."""
LONGEST_READ = 200_000
LINE = "Take it out, and withdraw it: whoever can read the file has it. Pass it as an environment variable instead."
FILE = "Leave it out of what is uploaded: list it in .amlignore."


def secret_in_file(document: Document, world: World) -> Iterator[Fault]:
    """No conda file, Dockerfile or uploaded file holds a known form of a secret, and none is a file of keys."""
    for path, file in conda_files(document, world):
        yield from _in_file(path, file, world)
    for path, _, dockerfile in build_contexts(document, world):
        yield from _in_file((*path, "path"), dockerfile, world)
    code = document.text("code_configuration", "code")
    folder = resolved(document, code)
    if world.files and code and not is_reference(code) and world.reaches(folder) and is_folder(folder):
        if folder not in world.looked_through:
            world.looked_through[folder] = list(_in_folder(("code_configuration", "code"), folder, world))
        yield from world.looked_through[folder]


def _in_folder(path: FieldPath, folder: Path, world: World) -> Iterator[Fault]:
    for name, size in uploaded_files(folder).items():
        file = folder / name
        if is_key_file(file.name):
            place = Location(file=project_path(file, world.project))
            yield Fault(path=path, place=place, summary="a file of keys would be uploaded", detail=FILE)
        elif file.suffix in READ and size <= LONGEST_READ:
            yield from _in_file(path, file, world)


def _in_file(path: FieldPath, file: Path, world: World) -> Iterator[Fault]:
    if not (is_file(file) and world.reaches(file)):
        return
    name = project_path(file, world.project)
    if (size := file.stat().st_size) > MAX_BYTES:
        summary = f"{name} has {size:,} bytes; the limit is {MAX_BYTES:,}"
        yield Fault(path=path, code="file-size", summary=summary, detail="It is not looked through.")
        return
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
        for column, words in shapes_in(line):
            place = Location(file=name, line=number, column=column)
            yield Fault(path=path, place=place, summary=f"this line holds what looks like {words}", detail=LINE)
