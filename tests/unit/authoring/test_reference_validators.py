"""The fast validator says what the reference validator says, and editors see what the deployer sees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml

from deployer.authoring.documents.check_schema import schema_faults
from deployer.authoring.documents.document import Document
from deployer.core.fields import schema_of
from deployer.core.resources import Kind
from tests.unit.authoring.samples import ROOT, documents

pytestmark = pytest.mark.slow

Defect = tuple[tuple[str | int, ...], str]
QUOTED_NUMBERS = ('instance_count: "2"',)


def found_by_rust(name: str, data: Any) -> set[Defect]:
    validator = jsonschema_rs.Draft202012Validator(dict(schema_of(name)))
    return {(tuple(error.instance_path), str(error.schema_path[-1])) for error in validator.iter_errors(data)}


def found_by_python(name: str, data: Any) -> set[Defect]:
    validator = jsonschema.Draft202012Validator(schema_of(name))
    return {(tuple(error.absolute_path), str(error.validator)) for error in validator.iter_errors(data)}


def test_both_validators_find_the_same_defects_at_the_same_places() -> None:
    assert len(documents()) > 100
    for name, document in documents():
        kind = document.kind or Kind.ENDPOINT
        assert found_by_rust(kind.value, document.data) == found_by_python(kind.value, document.data), name


def test_editors_agree_on_the_rendered_form(tmp_path: Path) -> None:
    """check-jsonschema on rendered files, but for what it reads otherwise: quoted numbers, duplicate keys, tags."""
    for kind in (Kind.ENDPOINT, Kind.DEPLOYMENT, Kind.MODEL, Kind.ENVIRONMENT):
        files = {str(tmp_path / f"{kind}-{number}.yml"): item for number, item in enumerate(_comparable(kind))}
        for path, document in files.items():
            Path(path).write_text(document.rendered.text, encoding="utf-8")
        refused = _refused_by_check_jsonschema(kind, list(files))
        ours = {path for path, item in files.items() if any(schema_faults(kind.value, item.data))}
        assert refused == ours


def _comparable(kind: Kind) -> list[Document]:
    """Documents whose text says all of them, without what is read by other rules here."""
    return [
        item
        for _, item in documents()
        if item.kind is kind
        and not (item.overridden or item.parsed.faults or item.parsed.zeros)
        and not any(text in item.rendered.text for text in QUOTED_NUMBERS)
    ]


def _refused_by_check_jsonschema(kind: Kind, files: list[str]) -> set[str]:
    schema = ROOT / "schemas" / f"{kind}.schema.json"
    command = [sys.executable, "-m", "check_jsonschema", "-o", "json", "--schemafile", str(schema), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result: Mapping[str, Any] = json.loads(done.stdout)
    assert not result.get("parse_errors")
    return {str(error["filename"]) for error in result["errors"]}


def test_rendered_specs_say_to_a_yaml_1_1_reader_what_they_say_here() -> None:
    """`az` reads YAML 1.1: what the deployer prints must mean the same there."""
    from deployer.authoring.plain_yaml import plain_yaml

    for name, document in documents():
        plain = {key: value for key, value in document.data.items() if not key.startswith("x-")}
        if setting := document.data.get("x-autoscale"):
            plain["instance_count"] = setting.get("default", setting["min"])
        assert yaml.safe_load(plain_yaml(document, frozenset())) == plain, name
