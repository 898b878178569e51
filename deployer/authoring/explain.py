"""The pages of codes and fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, assert_never

from deployer.authoring.text.suggest import did_you_mean
from deployer.core.fields import Effect, schema_name, schema_of
from deployer.core.resources import Kind
from deployer.kinds import DOCUMENTS

DIAGNOSTICS = Path(__file__).parent / "codes.md"
FINDINGS = Path(__file__).parent / "findings.md"
FAILURES = Path(__file__).parent / "errors.md"


@cache
def pages() -> Mapping[str, str]:
    """The pages of all codes, of diagnostics, of findings and of failures."""
    return {**pages_in(DIAGNOSTICS), **pages_in(FINDINGS), **pages_in(FAILURES)}


def pages_in(file: Path) -> Mapping[str, str]:
    """The pages of one file, by the code that heads each."""
    parts = re.split(r"^## ([A-Za-z0-9-]+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {code: body.strip() for code, body in zip(parts[1::2], parts[2::2], strict=True)}


def explain(code_or_field: str) -> str | None:
    """The page of a code, or the description of a field in the schemas; None if there is neither."""
    page = pages().get(code_or_field)
    if page:
        return f"{code_or_field}\n\n{page}\n"
    found = [text for kind in DOCUMENTS for text in _field_page(kind, code_or_field)]
    return "\n".join(found) or None


def suggestion(code_or_field: str) -> str:
    """A "Did you mean" sentence with the most similar code or field; "" if nothing is similar."""
    fields = {path for kind in DOCUMENTS for path, _ in described(schema_of(schema_name(kind)), "")}
    return did_you_mean(code_or_field, {*pages(), *fields})


def _field_page(kind: Kind, field: str) -> Iterator[str]:
    wanted = field.removeprefix(f"{kind}.")
    for path, node in described(schema_of(schema_name(kind)), ""):
        if path == wanted:
            yield f"{path} ({kind})\n\n{facts(node)}\n"


def facts(node: Mapping[str, Any]) -> str:
    """The description, default and effect of a field in a schema, as text."""
    default = f"\n\nDefault: {node['default']}" if "default" in node else ""
    effect = f"\n\nA change {_change(Effect(node['x-effect']))}." if "x-effect" in node else ""
    return f"{node.get('description', '')}{default}{effect}"


def _change(effect: Effect) -> str:
    match effect:
        case Effect.METADATA:
            return "concerns metadata only: nothing restarts"
        case Effect.SCALE:
            return "changes the number of instances"
        case Effect.ROLLING:
            return "is a rolling update in place: Azure replaces the instances a few at a time"
        case Effect.IMMUTABLE:
            return "is not possible in place"
        case Effect.ADD_ONLY:
            return "can add a value; Azure does not let it be changed or removed"
        case Effect.TRAFFIC:
            return "moves traffic"
    assert_never(effect)


def described(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a schema with its dotted path; `*` for the keys of maps, `[]` for the items of lists."""
    for key, child in node.get("properties", {}).items():
        yield f"{prefix}{key}", child
        yield from described(child, f"{prefix}{key}.")
    for key, wildcard in (("additionalProperties", "*"), ("items", "[]")):
        child = node.get(key)
        if isinstance(child, dict) and ("properties" in child or "description" in child):
            yield from described(child, f"{prefix}{wildcard}.")
