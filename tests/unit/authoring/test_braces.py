"""Braces are a template where templates are meant: not in comments, not in plain files, not in other people's text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployer.authoring import load_project, validate_paths, validate_project
from deployer.authoring.text.spec_lines import comment_lines
from deployer.core.diagnostics import Diagnostic
from deployer.core.resources import deployment_ref
from tests.unit.authoring.samples import DEPLOYMENT

PROMPTS = {
    "a chat template": "--chat-template '{% for m in messages %}{{ m.content }}{% endfor %}'",
    "a statement": "{% set x = 1 %}{{ x }} and {{ 'a' }}",
    "a comment": "uses {# braces",
    "JSON": '{{"a": {"b": 1}}}',
    "Go": "{{ .Values.image }}",
    "a plain name": "Hello {{name}}",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "specs/env").mkdir(parents=True)
    (tmp_path / "specs/env/local.yml").write_text("project: p\nworkspace: local\nvariables: {size: Standard_DS3_v2}\n")
    (tmp_path / "specs/endpoint.yml").write_text("name: mine-ep\nauth_mode: key\n")
    return tmp_path


def found(project: Path, deployment: str) -> list[Diagnostic]:
    (project / "specs/deployment.yml").write_text(deployment)
    return list(validate_project(project, "local").diagnostics)


def fields(project: Path) -> dict[str, Any]:
    return dict(load_project(project, "local").state.resources[deployment_ref("mine-ep", "blue")].fields)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize(
    "comment",
    [
        "# replaced by the pipeline: {{ENDPOINT}}",
        "# {{ .Values.x }} and {#",
        "  # {{ odd",
        "#{{x}}",
        "# ${{ github.sha }}",
    ],
)
def test_comments_are_not_executed(comment: str, project: Path) -> None:
    text = DEPLOYMENT.replace(
        "instance_count", f"{comment}\ntags: {{size: '{{{{ size }}}}'}}\n{comment}\ninstance_count"
    )
    assert found(project, f"{comment}\n{text}{comment}\n") == []
    assert fields(project)["tags"] == {"size": "Standard_DS3_v2"}


def test_a_statement_in_a_comment_is_executed_and_warned_of(project: Path) -> None:
    text = DEPLOYMENT + "# {% if size == 'x' %}\ndescription: not this\n# {% endif %}\n"
    warned = found(project, text)
    assert [(item.code, item.location.line, item.severity.stops) for item in warned] == [
        ("template-in-comment", 7, False),
        ("template-in-comment", 9, False),
    ]
    assert "description" not in fields(project) or not fields(project)["description"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: 1 # no\n# yes\n", {2}),
        ("a: |\n  # no\n\n  # no\n# yes\n", {5}),
        ("a: >-\n  x\n # no: deeper than the key\nb: 1\n", set()),
        ("a: !t |2-\n   # no\nb: 1\n  # yes\n", {4}),
        ('a: "x\n  # no\n  y"\n# yes\n', {4}),
        ("a: 'it''s\n  # no\n  y'\n# yes\n", {4}),
        ('a: "x \\" y"\n# yes\n', {2}),
        ("- |\n  # no\n- # no\n# yes\n", {4}),
        ("- a: |\n    # no\n  # in the block or not, as the margin says\n  b: 1\n", set()),
        ("a:\n  # yes\n  b: |\n    # no\n  # yes\n", {2, 5}),
        ("# yes\n", {1}),
    ],
)
def test_whole_lines_of_comment_are_told_from_text(text: str, lines: set[int]) -> None:
    assert comment_lines(text) == lines


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_one_line_makes_a_file_plain(prompt: str, project: Path) -> None:
    text = DEPLOYMENT + f"environment_variables:\n  P: {quoted(prompt)}\ndescription: {quoted(prompt)}\n"
    assert found(project, f"x-template: false  # prompts\n{text}") == []
    assert fields(project)["environment_variables"] == {"P": prompt}
    assert fields(project)["description"] == prompt
    assert not [key for key in fields(project) if key.startswith("x-t")]


@pytest.mark.parametrize(
    "switch", ["x-template: true\n", " x-template: false\n", "description: 'x-template: false'\n", ""]
)
def test_only_that_line_does(switch: str, project: Path) -> None:
    (project / "specs/deployment.yml").write_text(f"{DEPLOYMENT}tags: {{a: '{{{{ size }}}}'}}\n{switch}")
    text = (project / "specs/deployment.yml").read_text()
    if switch.startswith(" "):
        assert found(project, text)
    else:
        assert found(project, text) == []
        assert fields(project)["tags"] == {"a": "Standard_DS3_v2"}


@pytest.mark.parametrize(
    "prompt", ["a {{ messages }}", "{% for m in x %}", "uses {# braces", "{{ .Values }}", "{% nope %}"]
)
@pytest.mark.parametrize("key", ["description", "environment_variables", "tags"])
def test_odd_braces_in_a_text_name_raw_and_the_switch_first(prompt: str, key: str, project: Path) -> None:
    value = quoted(prompt) if key == "description" else f"\n  P: {quoted(prompt)}"
    [item] = found(project, f"{DEPLOYMENT}{key}: {value}\n")
    assert item.code.startswith("template-")
    assert item.detail.startswith("If this is text, put it between {% raw %} and {% endraw %}, or")
    assert "`x-template: false`" in item.detail


def test_in_a_field_with_a_form_they_do_not(project: Path) -> None:
    [item] = found(project, DEPLOYMENT.replace("Standard_DS3_v2", "'{{ sizes }}'"))
    assert item.code == "template-undefined"
    assert "raw" not in item.detail


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_outside_a_project_braces_in_text_are_text(prompt: str, tmp_path: Path) -> None:
    value = quoted(prompt)
    text = f"{DEPLOYMENT}description: {value}\ntags:\n  a: {value}\nenvironment_variables:\n  P: {value}\n"
    (tmp_path / "d.yml").write_text(text)
    assert validate_paths([Path("d.yml")], project=tmp_path, env=None).diagnostics == ()


def test_outside_a_project_braces_in_a_field_with_a_form_are_a_template(tmp_path: Path) -> None:
    (tmp_path / "d.yml").write_text(DEPLOYMENT.replace("count: 1", "count: {{ N }}"))
    [item] = validate_paths([Path("d.yml")], project=tmp_path, env=None).diagnostics
    assert (item.code, "--set N=" in item.detail) == ("template-undefined", True)
    assert validate_paths([Path("d.yml")], project=tmp_path, env=None, overrides=["N=2"]).diagnostics == ()
