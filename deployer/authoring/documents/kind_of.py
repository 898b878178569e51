"""The kind of a document: by its `$schema`, otherwise by its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deployer.authoring.documents.document import Fault
from deployer.authoring.text.suggest import nearest
from deployer.core.diagnostics import Severity
from deployer.core.resources import Kind
from deployer.kinds import DOCUMENTS, KINDS, telling_keys

SCHEMA_NAME = re.compile(r"(\w+)\.schema\.json")
SCHEMA_HINT = re.compile(
    r"^(?:#\s*yaml-language-server:\s*\$schema=|\$schema:)\s*\S*?(\w+)\.schema\.json", re.MULTILINE
)
BY_SCHEMA: Mapping[str, Kind] = {name: kind for kind in DOCUMENTS for name in KINDS[kind].schema_names}
BATCH = frozenset(
    [
        "mini_batch_size",
        "error_threshold",
        "retry_settings",
        "output_action",
        "output_file_name",
        "max_concurrency_per_instance",
        "logging_level",
        "settings",
    ]
)
ENV_FILE = frozenset(["workspace", "variables", "policy", "project"])
ENOUGH_TO_CONTRADICT = 2


def looks_like_a_spec(text: str) -> bool:
    """Whether unparsed text looks like one of our documents; for folders that also contain other YAML."""
    hint = SCHEMA_HINT.search(text)
    if hint:
        return hint[1].lower() in BY_SCHEMA
    keys = set(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    return any(len(keys & telling) >= ENOUGH_TO_CONTRADICT for telling in telling_keys().values())


def kind_of(data: Mapping[str, Any], text: str, file: str) -> tuple[Kind | None, tuple[Fault, ...]]:
    """The kind of a document, or None if it is not a spec, and faults about it."""
    stated = _stated(data, text)
    if "batch" in stated or _is_batch(data):
        summary = "batch endpoints are not supported, only online endpoints"
        return None, (Fault(path=(), summary=summary, code="kind-batch"),)
    scores = {kind: len(telling & data.keys()) for kind, telling in telling_keys().items()}
    best = max(scores, key=lambda kind: scores[kind])
    by_schema = BY_SCHEMA.get(stated)
    if by_schema is None:
        known = scores[best] and not ENV_FILE & data.keys()
        return (best, ()) if known else _without_telling_fields(data, file)
    if scores[by_schema] == 0 and scores[best] >= ENOUGH_TO_CONTRADICT:
        return best, (_contradiction(by_schema, best),)
    return by_schema, ()


def _stated(data: Mapping[str, Any], text: str) -> str:
    """The schema name in `$schema` or in a yaml-language-server comment, in lower case; "" without one."""
    match = SCHEMA_NAME.search(str(data.get("$schema", ""))) or SCHEMA_HINT.search(text)
    return match[1].lower() if match else ""


def _is_batch(data: Mapping[str, Any]) -> bool:
    """Whether the fields are those of a batch deployment, or of a batch endpoint with its `defaults`."""
    defaults = data.get("defaults")
    return len(BATCH & data.keys()) >= ENOUGH_TO_CONTRADICT or (
        isinstance(defaults, dict) and "deployment_name" in defaults
    )


def _without_telling_fields(data: Mapping[str, Any], file: str) -> tuple[Kind | None, tuple[Fault, ...]]:
    """The kind of a document without telltale fields, by its file name."""
    stem = file.rpartition("/")[2].lower()
    named = next((kind for kind in DOCUMENTS if kind.value in stem), None)
    if named and "name" in data and not ENV_FILE & data.keys():
        return named, ()
    if len(ENV_FILE & data.keys()) >= ENOUGH_TO_CONTRADICT:
        return None, (
            Fault(path=(), summary="this is an env file", detail="Put it in specs/env/.", code="kind-unknown"),
        )
    return None, (Fault(path=(), summary=_unknown(data), detail=_advice(data), code="kind-unknown"),)


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
