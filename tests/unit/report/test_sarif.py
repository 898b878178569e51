"""SARIF 2.1.0: what the standard requires of every object that is written here, and nothing it does not know.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html sections 3.13 to 3.51
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.report.sarif import sarif
from tests.unit.report.samples import sample_diagnostics


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


TEXT = {"type": "string", "minLength": 1}
NATURAL = {"type": "integer", "minimum": 1}
MESSAGE = closed(["text"], text=TEXT)
RULE = closed(["id"], id=TEXT, help=MESSAGE)
REGION = closed(["startLine"], startLine=NATURAL, startColumn=NATURAL)
PHYSICAL = closed(
    ["artifactLocation"],
    artifactLocation=closed(["uri"], uri={"type": "string", "pattern": r"^[\w./%~-]+$"}),
    region=REGION,
)
RESULT = closed(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations={"type": "array", "minItems": 1, "items": closed([], physicalLocation=PHYSICAL)},
)
DRIVER = closed(["name"], name=TEXT, rules={"type": "array", "uniqueItems": True, "items": RULE})
RUN = closed(
    ["tool"],
    tool=closed(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
LOG = {
    **closed(["version", "runs"], version={"const": "2.1.0"}, runs={"type": "array", "items": RUN}),
    "additionalProperties": {"type": "string", "format": "uri"},
}


def at(file: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, code="c", summary="s", location=Location(file=file, line=0, column=0))


@pytest.mark.parametrize("found", [(), sample_diagnostics(), (at("a folder/ü#?.yml"),)])
def test_structure_is_that_of_the_standard(found: tuple[Diagnostic, ...]) -> None:
    jsonschema.validate(json.loads(sarif(found)), LOG, jsonschema.Draft202012Validator)


def test_every_result_points_at_its_rule() -> None:
    run = json.loads(sarif(sample_diagnostics()))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[item["ruleIndex"]] for item in run["results"]] == [item["ruleId"] for item in run["results"]]
    assert len(run["results"]) == 3
