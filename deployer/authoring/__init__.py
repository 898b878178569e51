"""Text -> desired: env files, templates, YAML, schemas and rules. Independent of live state and plans.

Modules that `validate` does not need are imported inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.authoring.content_hash import uploaded_files
from deployer.authoring.env_file import EnvFile, load_env
from deployer.authoring.examined import examined
from deployer.authoring.explain import explain, suggestion
from deployer.authoring.prices import load_prices
from deployer.authoring.project import SPECS, check_paths, check_project, only_endpoint, read_project
from deployer.authoring.reading import errors_of
from deployer.core.diagnostics import Examined
from deployer.core.errors import SpecError

if TYPE_CHECKING:
    from deployer.authoring.desired import Desired

__all__ = [
    "EnvFile",
    "below_specs",
    "explain",
    "load_env",
    "load_prices",
    "load_project",
    "project_secrets",
    "render_project",
    "suggestion",
    "uploaded_files",
    "validate_paths",
    "validate_project",
]


def load_project(
    project: Path, env: str, *, endpoint: str = "", overrides: Sequence[str] = (), outside: Sequence[Path] = ()
) -> Desired:
    """The desired state of a project in one env, of all endpoints or one.

    Raises SpecError with all diagnostics of all files, sorted by place; UsageError for an unknown `endpoint`.
    """
    from deployer.authoring.desired import desired_of
    from deployer.authoring.documents.secret_fields import sealed

    checked = check_project(project, env, overrides, outside)
    if errors_of(checked.diagnostics) or checked.env is None:
        raise SpecError(checked.diagnostics)
    documents = [sealed(document, checked.vault) for document in only_endpoint(checked.documents, endpoint)]
    return desired_of(documents, checked.env, project, checked.vault.secrets, checked.diagnostics)


def project_secrets(project: Path, env: str) -> frozenset[str]:
    """The secret values in the specs of one env, as far as these can be read: for output of what needs no specs."""
    try:
        return read_project(project, env)[0].vault.secrets
    except SpecError:
        return frozenset()


def validate_project(
    project: Path, env: str, *, overrides: Sequence[str] = (), outside: Sequence[Path] = (), strict: bool = False
) -> Examined:
    """All diagnostics of a project in one env, sorted by place; `strict` makes passing over a file an error."""
    try:
        return examined(check_project(project, env, overrides, outside), strict=strict)
    except SpecError as error:
        return Examined(diagnostics=error.diagnostics)


def validate_paths(
    paths: Sequence[Path],
    *,
    project: Path,
    env: str | None,
    overrides: Sequence[str] = (),
    files: bool = True,
    strict: bool = False,
) -> Examined:
    """All diagnostics of single files and of folders, which need not belong to a project.

    Without `files`, the files that specs refer to need not exist; `strict` makes passing over a file an error.
    """
    try:
        checked = check_paths(paths, project, env, overrides, files=files)
        return examined(checked, strict=strict, place=str(paths[0]))
    except SpecError as error:
        return Examined(diagnostics=error.diagnostics)


def render_project(
    project: Path,
    env: str,
    *,
    overrides: Sequence[str] = (),
    show_secrets: bool = False,
    outside: Sequence[Path] = (),
    endpoint: str = "",
    kind: str = "",
    out: Path | None = None,
) -> Mapping[str, str]:
    """Each spec file as plain CLI v2 YAML, with secrets masked unless `show_secrets`.

    Of all endpoints or one, of all kinds or one; for `out`, the folder that they will be written to, paths are
    relative to where each will be. Raises SpecError; UsageError for an unknown `endpoint`.
    """
    from deployer.authoring.documents.secret_fields import opened
    from deployer.authoring.plain_yaml import plain_yaml

    checked = check_project(project, env, overrides, outside)
    if errors_of(checked.diagnostics):
        raise SpecError(checked.diagnostics)
    documents = [item for item in only_endpoint(checked.documents, endpoint) if kind in ("", item.kind)]
    if show_secrets:
        return {item.file: plain_yaml(opened(item, checked.vault), frozenset()) for item in documents}
    secrets = checked.vault.secrets
    return {item.file: plain_yaml(item, secrets, out and (out / below_specs(item.file)).parent) for item in documents}


def below_specs(file: str) -> Path:
    """The path of a spec file below the specs folder."""
    return Path(file).relative_to(SPECS)
