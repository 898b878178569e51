"""Every renderer against its golden file, and every JSON form against its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from deployer.report.plan_view import plan_view
from tests.unit.report import samples

SCHEMAS = Path("schemas/output")
JSON_FORMS = [name for name in samples.RENDERINGS if name.endswith(".json")]


@pytest.mark.parametrize("name", samples.RENDERINGS)
def test_rendering_is_as_the_golden_file(name: str) -> None:
    assert samples.RENDERINGS[name]() == (samples.GOLDEN / name).read_text(encoding="utf-8")


def test_every_golden_file_has_its_rendering() -> None:
    assert {file.name for file in samples.GOLDEN.iterdir()} == set(samples.RENDERINGS)


@pytest.mark.parametrize("name", samples.RENDERINGS)
def test_no_rendering_holds_the_secret(name: str) -> None:
    assert samples.SECRET not in samples.RENDERINGS[name]()


@pytest.mark.parametrize("name", ["plan", "outcome"])
def test_colour_adds_nothing_but_colour(name: str) -> None:
    coloured, plain = samples.RENDERINGS[f"{name}.ansi"](), samples.RENDERINGS[f"{name}.txt"]()
    assert coloured != plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


@pytest.mark.parametrize("name", JSON_FORMS)
def test_json_is_as_its_schema_says(name: str) -> None:
    document = json.loads(samples.RENDERINGS[name]())
    schema = json.loads((SCHEMAS / f"{document['kind']}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert document.keys() == schema["properties"].keys()


def test_every_output_schema_is_of_a_form_that_is_rendered() -> None:
    kinds = {json.loads(samples.RENDERINGS[name]())["kind"] for name in JSON_FORMS}
    assert {file.name.removesuffix(".schema.json") for file in SCHEMAS.iterdir()} == kinds


def test_summary_of_one_unchanged_resource_is_singular() -> None:
    plan = samples.empty_plan()
    one = type(plan)(env=plan.env, project=plan.project, unchanged=plan.unchanged[:1])
    assert plan_view(one).summary == "No changes. 1 resource matches the specs."
