"""Specs as plain CLI v2 YAML for `az ml … create -f`: rendered, without extension keys, with secrets masked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from deployer.authoring.documents.document import Document, at
from deployer.authoring.project_index import resolved
from deployer.authoring.rules.named_paths import named_paths
from deployer.core.diagnostics import Diagnostic


def masked_diagnostics(diagnostics: Iterable[Diagnostic], secrets: frozenset[str]) -> list[Diagnostic]:
    """Diagnostics with secrets masked in summary and detail, which can quote values."""
    from deployer.core.redaction import mask_of  # late: specs without problems do not pay for it

    mask = mask_of(secrets)
    return [replace(item, summary=mask.hide(item.summary), detail=mask.hide(item.detail)) for item in diagnostics]


def plain_yaml(document: Document, secrets: frozenset[str], folder: Path | None = None) -> str:
    """One document as YAML for Azure's own loader; `secrets` are masked in every value.

    Its relative paths hold in the folder of the spec, or in `folder`. The loader takes no field without a value.
    """
    from deployer.core.redaction import mask_of

    mask = mask_of(secrets)
    data = _begun(document.data if folder is None else _seen_from(folder, document))
    fields = {key: mask.value(value) for key, value in _filled(data).items() if not key.startswith("x-")}
    return str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120))


def _begun(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields; with `x-autoscale`, also the number of instances to begin with, since the key itself is left out."""
    setting = data.get("x-autoscale")
    return {**data, "instance_count": setting.get("default", setting["min"])} if isinstance(setting, dict) else data


def _filled(value: Any) -> Any:
    match value:
        case dict():
            return {key: _filled(item) for key, item in value.items() if item is not None}
        case list():
            return [_filled(item) for item in value]
        case _:
            return value


def _seen_from(folder: Path, document: Document) -> dict[str, Any]:
    """The fields of a document with its local paths relative to `folder`."""
    data = deepcopy(document.data)
    for path, name in named_paths(document):
        place = os.path.relpath(resolved(document, name).resolve(), folder.resolve())
        at(data, path[:-1])[path[-1]] = Path(place).as_posix()
    return data
