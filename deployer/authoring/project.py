"""Find, read and check the specs of a project, or single files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from deployer.authoring.containment import is_file, is_folder, is_inside
from deployer.authoring.documents.check_schema import schema_faults
from deployer.authoring.documents.document import Document, Fault, dotted
from deployer.authoring.documents.overrides import check_used, for_fields, parse_overrides, with_overrides
from deployer.authoring.env_file import EnvFile, read_env
from deployer.authoring.plain_yaml import masked_diagnostics
from deployer.authoring.project_index import World, declared_by, index_of, project_path
from deployer.authoring.reading import Reading
from deployer.authoring.rules.placeholder_rules import placeholders
from deployer.authoring.rules.table import broken_rules
from deployer.authoring.text.encoding import failure
from deployer.authoring.text.scope import Scope
from deployer.authoring.text.secrets import Vault
from deployer.authoring.text.suggest import did_you_mean
from deployer.authoring.text.templates import Templates
from deployer.core.diagnostics import Diagnostic, Location, PassedOver, Severity
from deployer.core.errors import UsageError
from deployer.core.fields import schema_name
from deployer.core.resources import Kind

SPECS = "specs"
MAX_SHOWN = 100
SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The documents of a run, and their diagnostics (sorted by place).

    Documents have marks where secrets stand; `vault` opens them, and knows the values that no output may show.
    """

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    passed: tuple[PassedOver, ...] = ()
    env: EnvFile | None = None
    vault: Vault = field(default_factory=Vault)


def check_project(project: Path, env: str, overrides: Sequence[str] = (), outside: Sequence[Path] = ()) -> Checked:
    """Check everything in `specs/` with one env. Raises SpecError if the project or the env does not exist.

    Files that specs name lie in the project, or in one of the folders `outside`.
    """
    world, diagnostics, env_file = read_project(project, env, overrides, outside)
    return _checked(world, diagnostics + _defects(world), env_file)


def read_project(
    project: Path, env: str, overrides: Sequence[str] = (), outside: Sequence[Path] = ()
) -> tuple[World, list[Diagnostic], EnvFile]:
    """Everything in `specs/` as documents, the diagnostics of their text, and the env file; no rule has looked at them.

    Raises SpecError if the project or the env does not exist.
    """
    if not (project / SPECS).is_dir():
        hint = (
            "Run this command in the folder that contains `specs/`, pass --project DIR, or begin with `deployer init`."
        )
        raise failure("project-missing", "there is no `specs` folder here", Location(file=SPECS), hint)
    env_file, own = read_env(project, env)
    given = parse_overrides(overrides)
    scope = replace(own, variables=with_overrides({**env_file.variables, "env": env}, given))
    templates = Templates(project=project, root=SPECS, scope=scope)
    there = _yaml_files(project / SPECS, without="env")
    found = [project_path(path, project) for path in there if is_inside(path, project, outside)]
    overridden = for_fields(env_file.variables, given)
    read = Reading(project=project, templates=templates, overrides=overridden).all(found)
    diagnostics = [*read.diagnostics, *env_file.warnings, *_strays(there, found, project)]
    if read.complete:
        check_used(given, env_file.variables, templates.sources.values())
    world = World(
        project=project,
        documents=read.documents,
        passed=read.passed,
        index=index_of(read.documents),
        policy=env_file.policy,
        allowed=env_file.allowed,
        complete=read.complete and len(found) == len(there),
        vault=scope.vault,
        outside=tuple(outside),
    )
    return world, diagnostics, env_file


def _strays(there: Sequence[Path], found: Sequence[str], project: Path) -> list[Diagnostic]:
    """The specs that are links to files outside the project: these are not read."""
    names = [name for path in there if (name := project_path(path, project)) not in found]
    summary, hint = "this spec is a link to a file outside the project", "Put the file itself here."
    errors = [failure("path-outside", summary, Location(file=name), hint) for name in names]
    return [error.diagnostics[0] for error in errors]


def check_paths(
    paths: Sequence[Path],
    project: Path,
    env: str | None,
    overrides: Sequence[str] = (),
    *,
    files: bool = True,
) -> Checked:
    """Check single files and folders; with an env, its variables and policy apply."""
    env_file, own = read_env(project, env) if env else (None, Scope(environ=os.environ))
    given = parse_overrides(overrides)
    variables = {**env_file.variables, "env": env} if env_file else {}
    scope = replace(own, variables=with_overrides(variables, given))
    fields = for_fields(env_file.variables if env_file else {}, given)
    reads = []
    for folder, found, searching in _groups(paths, project):
        in_text = env is not None or folder.split("/")[0] == SPECS
        templates = Templates(project=project, root=folder, scope=scope, in_text=in_text)
        reads.append(Reading(project=project, templates=templates, overrides=fields, searching=searching).all(found))
    documents = [document for read in reads for document in read.documents]
    beside = _endpoints_beside(documents, Reading(project=project, templates=_apart(project, scope), searching=True))
    diagnostics = [*(env_file.warnings if env_file else ()), *(item for read in reads for item in read.diagnostics)]
    policy = env_file.policy if env_file else {}
    world = World(
        project=project,
        documents=documents,
        passed=[item for read in reads for item in read.passed],
        index=index_of([*documents, *beside]),
        policy=policy,
        allowed=env_file.allowed if env_file else {},
        whole=False,
        complete=all(read.complete for read in reads),
        files=files,
        vault=scope.vault,
    )
    diagnostics += _defects(world)
    return _checked(world, diagnostics, env_file)


def _apart(project: Path, scope: Scope) -> Templates:
    return Templates(project=project, root="", scope=scope, in_text=False)


def _endpoints_beside(documents: Sequence[Document], reading: Reading) -> list[Document]:
    """The endpoints in the folders of deployments that name none, in files that were not given: nobody checks these."""
    lonely = {item.folder for item in documents if item.kind is Kind.DEPLOYMENT and "endpoint_name" not in item.data}
    given = {item.file for item in documents}
    near = {project_path(path, reading.project) for folder in lonely for path in _yaml_files(folder, deep=False)}
    return [item for item in reading.all(sorted(near - given)).documents if item.kind is Kind.ENDPOINT]


def _checked(world: World, diagnostics: list[Diagnostic], env: EnvFile | None) -> Checked:
    """The result of a run, with secrets masked in its diagnostics."""
    said = in_order(masked_diagnostics(diagnostics, world.vault.secrets))
    return Checked(
        documents=tuple(world.documents),
        diagnostics=said,
        passed=tuple(sorted(set(world.passed))),
        env=env,
        vault=world.vault,
    )


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics sorted by place, without duplicates."""
    return tuple(sorted(set(diagnostics), key=lambda item: (item.location, item.severity, item.code, item.summary)))


def _defects(world: World) -> list[Diagnostic]:
    """The diagnostics of schemas and rules for all documents."""
    found: list[Diagnostic] = []
    for document in world.documents:
        some = list(islice(_defects_in(document, world), MAX_SHOWN + 1))
        found += [*some[:MAX_SHOWN], _many(document)] if len(some) > MAX_SHOWN else some
    return found


def _defects_in(document: Document, world: World) -> Iterator[Diagnostic]:
    """Every defect; what is wrong with a value that is still to be filled in is that, and nothing else."""
    unfilled = {dotted(found.fault.path): found for found in placeholders(document)}
    stopped = set()
    for item in _wrong(document, world):
        if covers := [path for path in unfilled if f"{item.path}.".startswith(f"{path}.")]:
            stopped |= set(covers) if item.severity.stops else set()
        else:
            yield item
    for path, found in unfilled.items():
        stops = path in stopped or (world.whole and found.certain)
        severity = Severity.ERROR if stops else Severity.WARNING
        yield document.diagnostic("placeholder", replace(found.fault, severity=severity))


def _wrong(document: Document, world: World) -> Iterator[Diagnostic]:
    if document.kind:
        for fault in schema_faults(schema_name(document.kind), document.data):
            yield document.diagnostic("schema", fault)
        yield from broken_rules(document, world)


def _many(document: Document) -> Diagnostic:
    summary = f"more than {MAX_SHOWN} problems in this file; the first {MAX_SHOWN} are shown"
    return document.diagnostic("", Fault(path=(), code="too-many-problems", summary=summary))


def _yaml_files(folder: Path, without: str = "", *, deep: bool = True) -> list[Path]:
    """The YAML files in a folder and (`deep`) below, except in `without` and in files or folders like `_x` and `.x`."""
    found = [
        path for path in sorted(folder.glob("**/*" if deep else "*")) if path.suffix in SUFFIXES and path.is_file()
    ]
    return [path for path in found if _counts(path.relative_to(folder), without)]


def _counts(path: Path, without: str) -> bool:
    return path.parts[0] != without and not any(part.startswith(("_", ".")) for part in path.parts)


def _groups(paths: Sequence[Path], project: Path) -> Iterator[tuple[str, list[str], bool]]:
    """Files with the root folder for their includes, and whether they were only searched for, in a folder."""
    for path in paths:
        place = project / path
        if is_folder(place):
            without = "env" if project_path(place, project) == SPECS else ""
            yield (
                project_path(place, project),
                [project_path(item, project) for item in _yaml_files(place, without)],
                True,
            )
        elif is_file(place):
            yield _root_of(place, project), [project_path(place, project)], False
        else:
            raise failure("file-unreadable", "there is no such file or folder", Location(file=str(path)))


def _root_of(place: Path, project: Path) -> str:
    """The root for includes of a single file: the specs folder if the file is in it, else its folder."""
    specs = (project / SPECS).resolve()
    return SPECS if place.resolve().is_relative_to(specs) else project_path(place.parent, project)


def only_endpoint(documents: Sequence[Document], endpoint: str) -> list[Document]:
    """The documents of one endpoint, and all assets. Raises UsageError if no spec declares the endpoint."""
    if not endpoint:
        return list(documents)
    names = [item.text("name") for item in documents if item.kind is Kind.ENDPOINT]
    if endpoint.lower() not in {name.lower() for name in names}:
        hint = did_you_mean(endpoint, names) or f"Declared endpoints: {', '.join(names) or 'none'}."
        raise UsageError(f"The specs declare no endpoint `{endpoint}`.", hint=hint)
    return [item for item in documents if declared_by(item).endpoint in ("", endpoint.lower())]
