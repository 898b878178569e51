"""Writes docs/fields.md from schemas/*.schema.json: `python docs/make_fields.py`. A test checks that it is current."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from deployer.authoring.explain import described  # noqa: E402
from deployer.core.fields import schema_of  # noqa: E402

INTRODUCTION = """# Fields

All fields of all spec files, generated from `schemas/` by `docs/make_fields.py`. `*` stands for any key of a map, `[]`
for an item of a list. `deployer explain FIELD` explains one field.

The effect of changing a field on a running service is `metadata` (none), `scale` (more or fewer instances), `rolling`
(new instances replace old ones), `immutable` (needs a new resource), `add-only` (entries can be added) or `traffic`
(moves requests).
"""
TITLES = {
    "endpoint": "Endpoint (`endpoint.yml`)",
    "deployment": "Deployment (`deployment-<name>.yml`)",
    "model": "Model (`model.yml`, or inline under `model`)",
    "environment": "Environment (`environment.yml`, or inline under `environment`)",
    "env": "Env file (`env/<name>.yml`)",
}
LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "minLength": "{}+ characters",
    "maxLength": "≤ {} characters",
    "maxItems": "≤ {} items",
    "maxProperties": "≤ {} entries",
}


def reference() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name, title in TITLES.items():
        rows = "\n".join(_rows(name))
        parts.append(
            f"## {title}\n\n| field | type and limits | default | effect | meaning |\n|---|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def _rows(name: str) -> Iterator[str]:
    schema = schema_of(name)
    for path, node in described(schema, ""):
        needed = " **(required)**" if path in schema.get("required", ()) else ""
        cells = (f"`{path}`{needed}", _type(node), _default(node), _effect(node), _meaning(node))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(node: Mapping[str, Any]) -> str:
    types = node.get("type", "any")
    words = "text" if node.get("x-text") else " or ".join(types if isinstance(types, list) else [types])
    values = node.get("anyOf", [{}])[0].get("enum")
    limits = [text.format(node[key]) for key, text in LIMITS.items() if key in node]
    listed = [", ".join(f"`{value}`" for value in values)] if values else []
    return "; ".join([words, *listed, *limits])


def _default(node: Mapping[str, Any]) -> str:
    return f"`{json.dumps(node['default'])}`" if "default" in node else ""


def _effect(node: Mapping[str, Any]) -> str:
    return "read-only" if node.get("x-read-only") else str(node.get("x-effect", ""))


def _meaning(node: Mapping[str, Any]) -> str:
    text, _, source = str(node.get("description", "")).partition(" (source: ")
    return f"{text} [source]({source.rstrip(')')})" if source else text


if __name__ == "__main__":
    (ROOT / "docs" / "fields.md").write_text(reference(), encoding="utf-8")
