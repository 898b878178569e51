"""Diagnostics as SARIF 2.1.0, the input format of code scanning services.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import assert_never
from urllib.parse import quote

from deployer.core.diagnostics import Diagnostic, Severity
from deployer.core.redaction import mask_of
from deployer.report.diagnostics_text import shown
from deployer.report.github_annotations import repository_path

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(diagnostics: Sequence[Diagnostic], *, secrets: frozenset[str] = frozenset(), root: str = "") -> str:
    """A SARIF log with one run; `root` is the path of the project in the repository. Columns count from 1."""
    items = shown(diagnostics, mask_of(secrets))
    codes = sorted({item.code for item in items})
    driver = {"name": "deployer", "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes.index(item.code), root) for item in items],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> dict[str, object]:
    return {"id": code, "help": {"text": f"Run `deployer explain {code}` for the meaning and the fix."}}


def _level(severity: Severity) -> str:
    match severity:
        case Severity.ERROR:
            return "error"
        case Severity.WARNING:
            return "warning"
    assert_never(severity)


def _result(item: Diagnostic, rule: int, root: str) -> dict[str, object]:
    place = item.location
    return {
        "ruleId": item.code,
        "ruleIndex": rule,
        "level": _level(item.severity),
        "message": {"text": f"{item.summary}\n{item.detail}" if item.detail else item.summary},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(repository_path(root, place.file))},
                    "region": {"startLine": max(1, place.line), "startColumn": max(1, place.column)},
                }
            }
        ],
    }
