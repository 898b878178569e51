"""Specs as plain CLI v2 YAML for `az ml … create -f`: rendered, without extension keys, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import yaml

from deployer.authoring.documents.document import Document
from deployer.core.diagnostics import Diagnostic

MASK = "********"


def masked(text: str, secrets: frozenset[str]) -> str:
    """Text with secrets masked, longer ones first: one secret can contain another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def masked_diagnostics(diagnostics: Iterable[Diagnostic], secrets: frozenset[str]) -> list[Diagnostic]:
    """Diagnostics with secrets masked in summary and detail, which can quote values."""
    return [
        replace(item, summary=masked(item.summary, secrets), detail=masked(item.detail, secrets))
        for item in diagnostics
    ]


def plain_yaml(document: Document, secrets: frozenset[str]) -> str:
    """One document as YAML; `secrets` are masked in every value."""
    fields = {key: _masked(value, secrets) for key, value in document.data.items() if not key.startswith("x-")}
    return str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120))


def _masked(value: Any, secrets: frozenset[str]) -> Any:
    match value:
        case str():
            return masked(value, secrets)
        case Mapping():
            return {key: _masked(item, secrets) for key, item in value.items()}
        case list():
            return [_masked(item, secrets) for item in value]
    return value
