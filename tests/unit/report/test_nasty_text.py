"""Texts that would act on a terminal, a Markdown page, a workflow log or a JSON reader say only what they say."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deployer.core.diagnostics import Diagnostic, Examined, Location, Severity
from deployer.core.diff import diff
from deployer.core.plan import Action, Finding, Plan, Step
from deployer.core.resources import Resource, deployment_ref
from deployer.report import diagnostics_text, github_annotations, json_output, markdown, sarif, terminal
from deployer.report.plan_view import plan_view
from tests.unit.report.test_golden import SCHEMAS

NASTY = [
    "a\nb\r\nc",
    "```\n</details><script>alert(1)</script>",
    "| a | b |\n|---|---|",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "\u202egnp.exe \u2066x\u2069 \u200f",
    "@somebody **bold** [link](http://evil) <img src=x> ![i](j) ~~s~~ `code` &amp; #1",
    "--> <!-- -->",
    "````````\n# heading",
    "::error file=x::injected\n::set-output name=a::b",
    "% %0A %25",
    "\ud800 lone",
    "\x00\x07\x9b",
    "- item\n1. one",
    " ",
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=80))


def plan_of(text: str) -> Plan:
    ref = deployment_ref("digits", text)
    old = Resource(ref=ref, fields={"description": "x", "tags": {"a": "b"}})
    new = Resource(ref=ref, fields={"description": text, "tags": {text: text}})
    place = Location(file=text)
    update = Step(
        action=Action.UPDATE, ref=ref, before=old, after=new, changes=diff(old, new), reason=text, origin=place
    )
    delete = Step(action=Action.DELETE, ref=ref, before=old)
    findings = (Finding(code="c", summary=text, detail=text, origin=place, blocking=True),)
    return Plan(env=text, project=text, steps=(update, delete), findings=findings, orphans=(ref,), digest="d")


def tokens(text: str) -> list[Token]:
    """What a Markdown reader makes of it, inline parts included."""
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_comment_has_the_structure_of_its_plan_and_no_other(text: str) -> None:
    found = tokens(markdown.plan_comment(plan_view(plan_of(text))))
    assert [token.info for token in found if token.type == "fence"] == ["diff", "diff"]
    kinds = {token.type for token in found}
    assert not kinds & {
        "link_open",
        "image",
        "table_open",
        "em_open",
        "s_open",
        "ordered_list_open",
        "hr",
        "code_block",
    }
    assert sum(token.type == "heading_open" for token in found) == 1
    assert sum(token.type == "list_item_open" for token in found) == 2
    html = [token.content for token in found if token.type in ("html_block", "html_inline")]
    for block in html:
        assert not re.search(r"<(?!!-- )(?!/?(details|summary|code|sub)>)", block)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_every_form_is_utf8_and_json_stays_json(text: str) -> None:
    view = plan_view(plan_of(text))
    found = [Diagnostic(severity=Severity.ERROR, code=text, summary=text, detail=text, location=Location(file=text))]
    plan = json.loads(json_output.plan_json(view))
    jsonschema.validate(plan, json.loads((SCHEMAS / "plan.schema.json").read_text(encoding="utf-8")))
    assert len(json.loads(json_output.diagnostics_json(Examined(diagnostics=tuple(found))))["diagnostics"]) == 1
    assert len(json.loads(sarif.sarif(found))["runs"][0]["results"]) == 1
    assert json_output.read_saved_plan(json_output.plan_json(view), name="p").digest == "d"
    for rendering in (terminal.plan_text(view), markdown.plan_comment(view), diagnostics_text.diagnostics_text(found)):
        rendering.encode("utf-8")


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_nothing_acts_on_a_terminal(text: str) -> None:
    found = [Diagnostic(severity=Severity.ERROR, code="c", summary=text, detail=text, location=Location(file="f"))]
    shown = terminal.plan_text(plan_view(plan_of(text))) + diagnostics_text.diagnostics_text(found, sources={"f": text})
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize("text", NASTY)
def test_an_annotation_is_one_line_and_one_command(text: str) -> None:
    found = [Diagnostic(severity=Severity.WARNING, code=text, summary=text, detail=text, location=Location(file=text))]
    lines = github_annotations.workflow_commands(found).split("\n")
    assert len(lines) == 2
    assert lines[1] == ""
    head, _, _ = lines[0].removeprefix("::warning ").partition("::")
    assert [part.split("=")[0] for part in head.split(",")] == ["file", "line", "col", "title"]


def test_annotations_escape_as_the_runner_unescapes() -> None:
    place = Location(file="a,b:c%.yml", line=3, column=4)
    item = Diagnostic(severity=Severity.ERROR, code="x", summary="50 %: a, b", detail="c\nd", location=place)
    expected = "::error file=a%2Cb%3Ac%25.yml,line=3,col=4,title=x::50 %25: a, b%0Ac%0Ad\n"
    assert github_annotations.workflow_commands([item]) == expected
