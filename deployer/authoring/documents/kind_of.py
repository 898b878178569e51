"""The kind of a document: by its `$schema`, otherwise by its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.authoring.documents.document import Fault
from deployer.authoring.documents.other_kinds import ENOUGH, OURS, Other, other_kind
from deployer.authoring.text.suggest import nearest
from deployer.core.diagnostics import Severity
from deployer.core.resources import Kind
from deployer.kinds import DOCUMENTS, KINDS, telling_keys

SCHEMA_NAME = re.compile(r"(\w+)\.schema\.json")
SCHEMA_HINT = re.compile(
    r"^(?:#\s*yaml-language-server:\s*\$schema=|\$schema:)\s*\S*?(\w+)\.schema\.json", re.MULTILINE
)
BY_SCHEMA: Mapping[str, Kind] = {name: kind for kind in DOCUMENTS for name in KINDS[kind].schema_names}
ENV_FILE = frozenset(["workspace", "variables", "policy", "project"])
OF_2021 = "this is the preview format of 2021, in which an endpoint held its deployments"
SPLIT = (
    "Write the endpoint (name, auth_mode, traffic) and each of `deployments` (name, endpoint_name, model, environment, "
    "instance_type, instance_count) into a file of its own: https://learn.microsoft.com/azure/machine-learning/"
    "reference-yaml-endpoint-online."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a file is: a spec of a kind, or another kind of file; with neither, `faults` say why."""

    kind: Kind | None = None
    other: Other | None = None
    faults: tuple[Fault, ...] = ()
    sure: bool = True
    """Whether this holds for a file that nobody called a spec: one key alone can stand in any YAML."""


def kind_of(data: Mapping[str, Any], text: str, file: str) -> Told:
    """What a document with these fields is; `text` is that of its template."""
    stated = _stated(data, text)
    scores = {kind: len(telling & data.keys()) for kind, telling in telling_keys().items()}
    best = max(scores, key=lambda kind: scores[kind])
    by_schema = BY_SCHEMA.get(stated)
    if _is_of_2021(data):
        return Told(faults=(Fault(path=(), summary=OF_2021, detail=SPLIT, code="kind-preview"),))
    if by_schema is None:
        if not _is_ours_in_spite(stated, data) and (other := other_kind(data, stated)):
            return Told(other=other)
        known = scores[best] and not ENV_FILE & data.keys()
        sure = scores[best] >= ENOUGH or bool(OURS & data.keys())
        return Told(kind=best, sure=sure) if known else _without_telling_fields(data, file)
    if scores[by_schema] == 0 and scores[best] >= ENOUGH:
        return Told(kind=best, faults=(_contradiction(by_schema, best),))
    return Told(kind=by_schema)


def _is_of_2021(data: Mapping[str, Any]) -> bool:
    """Whether an online endpoint holds its deployments: https://learn.microsoft.com/azure/machine-learning/v1."""
    batch = data.get("type") == "batch" or "batch" in str(data.get("$schema", "")).lower()
    return not batch and isinstance(data.get("deployments"), list | dict) and "jobs" not in data and "name" in data


def _is_ours_in_spite(stated: str, data: Mapping[str, Any]) -> bool:
    """Whether a file with the `$schema` of another kind has nothing of that kind but the line: it was copied."""
    return bool(stated) and len(OURS & data.keys()) >= ENOUGH and not other_kind(data, "")


def _stated(data: Mapping[str, Any], text: str) -> str:
    """The schema name in `$schema` or in a yaml-language-server comment, in lower case; "" without one."""
    match = SCHEMA_NAME.search(str(data.get("$schema", ""))) or SCHEMA_HINT.search(text)
    return match[1].lower() if match else ""


def _without_telling_fields(data: Mapping[str, Any], file: str) -> Told:
    """What a document without telltale fields is, by its file name."""
    stem = file.rpartition("/")[2].lower()
    named = next((kind for kind in DOCUMENTS if kind.value in stem), None)
    if named and "name" in data and not ENV_FILE & data.keys():
        return Told(kind=named, sure=False)
    if len(ENV_FILE & data.keys()) >= ENOUGH:
        summary, detail = "this is an env file", "Put it in specs/env/."
    else:
        summary, detail = _unknown(data), _advice(data)
    return Told(faults=(Fault(path=(), summary=summary, detail=detail, code="kind-unknown"),), sure=False)


def _unknown(data: Mapping[str, Any]) -> str:
    keys = ", ".join(f"`{key}`" for key in list(data)[:6])
    return f"not an {', '.join(DOCUMENTS[:-1])} or {DOCUMENTS[-1]}; its fields are {keys or 'none'}"


def _advice(data: Mapping[str, Any]) -> str:
    every = frozenset().union(*telling_keys().values())
    close = [f"`{found[0]}` for `{key}`" for key in data if (found := nearest(str(key), every))]
    meant = f"Did you mean {', '.join(close[:3])}? " if close else ""
    return f"{meant}If it is not a spec, start its name with `_` or move it out of the specs folder."


def _contradiction(stated: Kind, found: Kind) -> Fault:
    return Fault(
        path=("$schema",),
        summary=f"`$schema` says {stated}, but the fields are those of {KINDS[found].noun}",
        detail=f"It is treated as {found}; correct the `$schema` line.",
        code="kind-mismatch",
        severity=Severity.WARNING,
    )
