"""Specs as plain CLI v2 YAML for `az ml … create -f`: rendered, without extension keys, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import yaml

from deployer.authoring.documents.document import Document
from deployer.core.diagnostics import Diagnostic


def masked_diagnostics(diagnostics: Iterable[Diagnostic], secrets: frozenset[str]) -> list[Diagnostic]:
    """Diagnostics with secrets masked in summary and detail, which can quote values."""
    from deployer.core.redaction import mask_of  # late: specs without problems do not pay for it

    mask = mask_of(secrets)
    return [replace(item, summary=mask.hide(item.summary), detail=mask.hide(item.detail)) for item in diagnostics]


def plain_yaml(document: Document, secrets: frozenset[str]) -> str:
    """One document as YAML; `secrets` are masked in every value."""
    from deployer.core.redaction import mask_of

    mask = mask_of(secrets)
    fields = {key: mask.value(value) for key, value in document.data.items() if not key.startswith("x-")}
    return str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120))
