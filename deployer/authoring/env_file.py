"""The env file: workspace, variables and policy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deployer.authoring.documents.check_schema import schema_faults
from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.documents.read_spec import read_document
from deployer.authoring.documents.secret_fields import with_marks
from deployer.authoring.plain_yaml import masked_diagnostics
from deployer.authoring.text.encoding import failure
from deployer.authoring.text.scope import Scope, is_name
from deployer.authoring.text.suggest import did_you_mean
from deployer.authoring.text.templates import Templates
from deployer.core.coordinates import LOCAL_WORKSPACE, Coordinates
from deployer.core.diagnostics import Diagnostic, Location
from deployer.core.errors import SpecError
from deployer.core.resources import Value

FOLDER = "specs/env"
TAKEN = frozenset(("env", "env_var", "secret", "range", "dict", "namespace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """One env: its workspace (None: the local one), variables of its templates, policy, and silenced guesses."""

    name: str
    project: str
    workspace: Coordinates | None = None
    variables: Mapping[str, Value] = field(default_factory=dict)
    policy: Mapping[str, Value] = field(default_factory=dict)
    allowed: Mapping[str, Value] = field(default_factory=dict)
    file: str = ""
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def home(self) -> Coordinates:
        """The workspace whose ARM ids are short references: the same for spelling on a laptop as in Azure."""
        return self.workspace or LOCAL_WORKSPACE


def env_names(project: Path) -> list[str]:
    """The names of a project's envs."""
    return sorted(path.stem for path in (project / FOLDER).glob("*.y*ml"))


def load_env(project: Path, env: str) -> EnvFile:
    """One env file. Raises SpecError if it does not exist or is invalid."""
    return read_env(project, env)[0]


def read_env(project: Path, env: str) -> tuple[EnvFile, Scope]:
    """One env file, and the scope of its own template, with the secrets it uses."""
    scope = Scope(variables={"env": env}, environ=os.environ)
    file = _file(project, env)
    templates = Templates(project=project, root="specs", scope=scope)
    document, diagnostics = read_document(project / file, file, templates, "env")
    templates.close()
    faults = [document.diagnostic("env", fault) for fault in _faults(document)]
    found = masked_diagnostics([*diagnostics, *faults], scope.vault.secrets)
    if any(item.severity.stops for item in found):
        raise SpecError(found)
    return replace(_env_file(env, document), warnings=tuple(found)), scope


def _file(project: Path, env: str) -> str:
    for suffix in (".yml", ".yaml"):
        if is_file_name(env) and (project / FOLDER / f"{env}{suffix}").is_file():
            return f"{FOLDER}/{env}{suffix}"
    known = env_names(project)
    none = f"There are no envs in {FOLDER}/: `deployer init` writes them."
    there = f"Existing envs: {', '.join(known)}." if known else none
    hint = did_you_mean(env, known) or there
    raise failure("env-unknown", f"there is no env `{env}`", Location(file=f"{FOLDER}/{env}.yml"), hint)


def is_file_name(env: str) -> bool:
    """Whether an env's name is a plain file name, without folders."""
    return "/" not in env and "\\" not in env and not env.startswith(".")


def _faults(document: Document) -> list[Fault]:
    found = list(schema_faults("env", document.data))
    for name in document.map("variables"):
        if not is_name(name) or name in TAKEN:
            hint = "Start with a letter, use only letters, digits and underscores, and avoid reserved names."
            summary = f"`{name}` is not a valid variable name"
            found.append(
                Fault(path=("variables", name), on_key=True, summary=summary, detail=hint, code="variable-name")
            )
    return found


def _env_file(env: str, document: Document) -> EnvFile:
    data = document.data
    return EnvFile(
        name=env,
        project=str(data["project"]),
        workspace=_coordinates(data["workspace"]),
        variables=with_marks(data.get("variables") or {}),
        policy=data.get("policy") or {},
        allowed=data.get("allow") or {},
        file=document.file,
    )


def _coordinates(value: Any) -> Coordinates | None:
    if value == "local":
        return None
    return Coordinates(
        subscription_id=str(value["subscription_id"]),
        resource_group=str(value["resource_group"]),
        name=str(value["name"]),
    )
