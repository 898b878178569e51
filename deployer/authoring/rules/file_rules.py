"""Rules for the files that a spec refers to; `--no-files` skips all but one, for inline conda files."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from deployer.authoring.containment import is_file, is_folder
from deployer.authoring.documents.document import Document, Fault, FieldPath
from deployer.authoring.project_index import REMOTE, World, project_path, resolved
from deployer.authoring.rules.asset_rules import inline
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import Parsed, parse
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.errors import SpecError
from deployer.core.intent import JSON
from deployer.core.references import is_reference
from deployer.core.resources import Kind

CODE = ("code_configuration", "code")
SCRIPT = ("code_configuration", "scoring_script")


def code_missing(document: Document, world: World) -> Iterator[Fault]:
    """The code folder exists."""
    code = document.text(*CODE)
    folder = resolved(document, code)
    if world.files and code and not is_reference(code) and not is_folder(folder):
        yield Fault(path=CODE, summary=_absent("folder", folder, world), detail=_beside(folder, world))


def script_missing(document: Document, world: World) -> Iterator[Fault]:
    """The scoring script exists in the code folder."""
    script = _script(document, world)
    if script and is_folder(script.parent) and not is_file(script):
        yield Fault(path=SCRIPT, summary=_absent("file", script, world), detail=_beside(script, world, files=True))


def script_syntax(document: Document, world: World) -> Iterator[Fault]:
    """The scoring script is valid Python."""
    script = _script(document, world)
    if script and is_file(script) and script.suffix == ".py":
        problem = _script_facts(script)[0]
        if problem:
            yield Fault(path=SCRIPT, summary=f"{project_path(script, world.project)} is not valid Python: {problem}")


def script_functions(document: Document, world: World) -> Iterator[Fault]:
    """The scoring script defines `init` and `run`; it is read, never run."""
    script = _script(document, world)
    if not (script and is_file(script) and script.suffix == ".py") or _script_facts(script)[0]:
        return
    missing = [name for name in ("init", "run") if name not in _script_facts(script)[1]]
    if missing:
        names = " and ".join(f"`{name}`" for name in missing)
        summary = f"{project_path(script, world.project)} does not define {names}"
        yield Fault(
            path=SCRIPT,
            summary=summary,
            detail="The inference server calls init() once and run(data) for each request.",
        )


def _script(document: Document, world: World) -> Path | None:
    code, script = document.text(*CODE), document.text(*SCRIPT)
    if not world.files or not code or not script or is_reference(code):
        return None
    place = resolved(document, code) / script
    return place if world.reaches(place) else None


@cache
def _script_facts(script: Path) -> tuple[str, frozenset[str]]:
    """The syntax error of a script ("" if there is none), and the names that it defines."""
    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        line = getattr(error, "lineno", None)
        reason = str(getattr(error, "msg", error) or error)
        return f"{reason}, line {line}" if line else reason, frozenset()
    return "", frozenset(_defined(tree.body))


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    """The names that module-level statements define, including those in `if` and `try`."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
                yield from ("init", "run") if any(alias.name == "*" for alias in names) else ()
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield name
            case ast.If(body=inner, orelse=other) | ast.Try(body=inner, orelse=other):
                yield from _defined([*inner, *other])


def conda_missing(document: Document, world: World) -> Iterator[Fault]:
    """The conda file exists."""
    for path, file in conda_files(document, world):
        if not is_file(file):
            yield Fault(path=path, summary=_absent("file", file, world), detail=_beside(file, world))


def conda_syntax(document: Document, world: World) -> Iterator[Fault]:
    """The conda file is YAML with a list of dependencies."""
    for path, file in conda_files(document, world):
        problem = _conda_problem(file, project_path(file, world.project)) if is_file(file) else ""
        if problem:
            hint = "A conda file is a map with a list of `dependencies`."
            yield Fault(path=path, summary=problem, detail=hint)
    for root, data in inline(document, Kind.ENVIRONMENT):
        conda = data.get("conda_file")
        if isinstance(conda, dict) and not isinstance(conda.get("dependencies"), list):
            hint = "Add `dependencies:`, a list of packages."
            yield Fault(
                path=(*root, "conda_file"),
                on_key=True,
                summary="`conda_file` has no list of `dependencies`",
                detail=hint,
            )


def conda_files(document: Document, world: World) -> Iterator[tuple[FieldPath, Path]]:
    """The conda files that a document names, and the fields that name them."""
    for root, data in inline(document, Kind.ENVIRONMENT):
        name = data.get("conda_file")
        if world.files and isinstance(name, str) and world.reaches(place := resolved(document, name)):
            yield (*root, "conda_file"), place


@cache
def conda_content(file: Path, name: str) -> tuple[Parsed | None, str]:
    """What a conda file holds, or in one sentence why it cannot be read."""
    try:
        return parse(read_text(file, name), name), ""
    except SpecError as error:
        return None, f"{error.diagnostics[0].location}: {error.diagnostics[0].summary}"


def _conda_problem(file: Path, name: str) -> str:
    parsed, problem = conda_content(file, name)
    if parsed is None:
        return problem
    listed: Any = parsed.data.get("dependencies") if isinstance(parsed.data, dict) else None
    return "" if isinstance(listed, list) else f"{name} has no list of `dependencies`"


def model_missing(document: Document, world: World) -> Iterator[Fault]:
    """A local model exists."""
    for root, data in inline(document, Kind.MODEL):
        path = data.get("path")
        if world.files and isinstance(path, str) and path and not REMOTE.match(path):
            place = resolved(document, path)
            if not (is_file(place) or is_folder(place)):
                yield Fault(
                    path=(*root, "path"), summary=_absent("folder or file", place, world), detail=_beside(place, world)
                )


def build_missing(document: Document, world: World) -> Iterator[Fault]:
    """A build context exists, with its Dockerfile."""
    for path, folder, dockerfile in build_contexts(document, world):
        if not is_folder(folder):
            yield Fault(path=(*path, "path"), summary=_absent("folder", folder, world), detail=_beside(folder, world))
        elif not is_file(dockerfile):
            at = "dockerfile_path" if "dockerfile_path" in document.map(*path) else "path"
            summary = _absent("file", dockerfile, world)
            yield Fault(path=(*path, at), summary=summary, detail=_beside(dockerfile, world))


def build_contexts(document: Document, world: World) -> Iterator[tuple[FieldPath, Path, Path]]:
    """The field, the folder and the Dockerfile of each local build context."""
    for root, data in inline(document, Kind.ENVIRONMENT):
        build = data.get("build")
        if world.files and isinstance(build, dict) and not REMOTE.match(str(build.get("path", "https:"))):
            folder = resolved(document, str(build["path"]))
            yield (*root, "build"), folder, folder / str(build.get("dockerfile_path") or "Dockerfile")


def smoke_file(document: Document, world: World) -> Iterator[Fault]:
    """The file of a smoke test exists, and a request is JSON unless it says what else."""
    is_json = "json" in (document.text("x-smoke-test", "content_type") or JSON).lower()
    for key in ("request", "image"):
        name = document.text("x-smoke-test", key)
        file = resolved(document, name)
        path = ("x-smoke-test", key)
        if world.files and name and not is_file(file):
            yield Fault(path=path, summary=_absent("file", file, world), detail=_beside(file, world))
        elif world.files and name and key == "request" and is_json and (problem := _json_problem(file)):
            summary = f"{project_path(file, world.project)} is not JSON: {problem}"
            hint = "The file is sent unchanged; say with `content_type` what it is if not JSON."
            yield Fault(path=path, summary=summary, detail=hint)


def _json_problem(file: Path) -> str:
    try:
        json.loads(file.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        return str(error)
    return ""


def _absent(what: str, path: Path, world: World) -> str:
    return f"there is no {what} {project_path(path, world.project)}"


def _beside(path: Path, _world: World, *, files: bool = False) -> str:
    """A hint: the most similar name (of a file with `files`) in the same folder, else the base of relative paths."""
    there = path.parent.iterdir() if is_folder(path.parent) else ()
    known = [item.name for item in there if not files or is_file(item)]
    return did_you_mean(path.name, known) or "Paths are relative to the folder of the spec."
