"""What a terminal shows: carets, findings, outcomes, widths."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.diff import diff
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Resource, Value, deployment_ref
from deployer.report.diagnostics_text import diagnostics_text
from deployer.report.format import with_short_names
from deployer.report.outcome_view import outcome_view
from deployer.report.plan_view import plan_view
from deployer.report.terminal import outcome_text, plan_text
from tests.build import resource
from tests.unit.report.samples import sample_outcome, sample_plan

REF = deployment_ref("digits", "blue")


def at(line: int, column: int) -> list[Diagnostic]:
    place = Location(file="f.yml", line=line, column=column)
    return [Diagnostic(severity=Severity.ERROR, code="c", summary="wrong", location=place)]


def caret(line: str, column: int) -> tuple[str, str]:
    """The source line as shown, and the character of it that the caret points to."""
    shown, below = diagnostics_text(at(1, column), sources={"f.yml": line}).split("\n")[1:3]
    return shown, shown[below.index("^")]


@pytest.mark.parametrize(("line", "column"), [("key: value", 6), ("\tkey: value", 7), ("x" * 300 + "value", 301)])
def test_the_caret_points_at_the_column(line: str, column: int) -> None:
    assert caret(line, column)[1] == "v"


def test_a_long_line_is_cut_around_the_column() -> None:
    assert len(caret("x" * 300 + "value" + "y" * 300, 301)[0]) < 120


@pytest.mark.parametrize(("line", "column"), [(0, 1), (9, 1), (1, 99), (2, 1)])
def test_a_place_that_is_not_in_the_text_shows_no_line(line: int, column: int) -> None:
    text = diagnostics_text(at(line, column), sources={"f.yml": "key: value\n\n"})
    assert text == f"f.yml:{line}:{column}: error: wrong [c]\n\n1 error in 1 file.\n"


def test_a_line_with_a_secret_is_not_shown() -> None:
    text = diagnostics_text(at(1, 1), sources={"f.yml": "key: s3cret-value"}, secrets=frozenset({"s3cret-value"}))
    assert "key:" not in text


def test_no_diagnostics_are_no_text() -> None:
    assert diagnostics_text([]) == ""


@pytest.mark.parametrize("width", [60, 100, 200])
def test_prose_keeps_to_the_width(width: int) -> None:
    plan = sample_plan()
    long = replace(plan, steps=(replace(plan.steps[4], reason="why " * 80, changes=()),), findings=())
    lines = plan_text(plan_view(long), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) > 400 // width


def one_change(before: Value, after: Value, *, path: str = "instance_type", written: bool = False) -> str:
    old, new = Resource(ref=REF, fields={path: before}), Resource(ref=REF, fields={path: after})
    changes = tuple(replace(change, written=written) for change in diff(old, new))
    step = Step(action=Action.UPDATE, ref=REF, before=old, after=new, changes=changes)
    return plan_text(plan_view(Plan(env="dev", project="p", steps=(step,)))).splitlines()[1].strip()


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a", "b", "~ instance_type: a -> b"),
        ("1", 1, '~ instance_type: "1" -> 1'),
        (None, "", '~ instance_type: (not set) -> ""'),
        ("true", True, '~ instance_type: "true" -> true'),
        ("a b", "a\nb", '~ instance_type: a b -> "a\\nb"'.replace("a b ->", '"a b" ->')),
        (["a", "b", "c"], ["a", "x", "c"], '~ instance_type: ["b"] -> ["x"]  # 2 more unchanged'),
        (["a", "a"], ["a"], '~ instance_type: ["a"] -> []  # 1 more unchanged'),
        ("(not set)", None, '~ instance_type: "(not set)" -> (not set)'),
    ],
)
def test_values_are_told_apart(before: Value, after: Value, shown: str) -> None:
    assert one_change(before, after).split("  # in-place")[0].replace("; in-place rolling update", "") == shown


def test_a_removed_field_shows_that_it_goes_back_to_its_default() -> None:
    assert "3 -> 1 (default)" in one_change(3, 1, path="instance_count")
    assert "(default)" not in one_change(1, 3, path="instance_count")
    assert "(default)" not in one_change(3, 1, path="instance_count", written=True)


def test_long_values_show_where_they_differ() -> None:
    shown = one_change("x" * 300 + "-old", "x" * 300 + "-new")
    assert "-old" in shown
    assert "-new" in shown
    assert len(shown) < 400
    assert "304 characters, sha256 " in shown


def test_an_empty_outcome_is_no_changes() -> None:
    assert outcome_text(outcome_view(Outcome())) == "No changes.\n"


def test_an_interrupted_outcome_says_so() -> None:
    some = replace(sample_outcome(), results=sample_outcome().results[:1], interrupted=True)
    assert "Interrupted: 1 applied." in outcome_text(outcome_view(some))


def test_the_log_is_cut_to_its_end() -> None:
    failed = next(item for item in sample_outcome().results if item.error)
    error = failed.error
    assert error is not None
    error.log_tail = "\n".join(f"line {number}" for number in range(500))  # type: ignore[attr-defined]
    text = outcome_text(
        outcome_view(Outcome(results=(StepResult(step=failed.step, result=Result.FAILED, error=error),)))
    )
    assert "line 499" in text
    assert "line 460" in text
    assert "line 459" not in text


def test_a_long_new_list_has_a_line_for_every_element() -> None:
    packages: Value = [f"package-{number}==1.0" for number in range(5)]
    conda: Value = {"channels": ["conda-forge"], "dependencies": ["python=3.11", {"pip": packages}]}
    new = Resource(ref=REF, fields={"conda_file": conda})
    step = Step(action=Action.CREATE, ref=REF, after=new, changes=diff(None, new))
    lines = plan_text(plan_view(Plan(env="dev", project="p", steps=(step,)))).splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["+", "conda_file.channels:", '["conda-forge"]'],
        ["+", "conda_file.dependencies:", "python=3.11"],
        ["+", "conda_file.dependencies.pip:", "package-0==1.0"],
    ]
    assert sum("package-" in line for line in lines) == 5


def test_the_line_of_a_literal_secret_is_not_shown_whatever_else_is_wrong_on_it() -> None:
    place = Location(file="specs/d.yml", line=2, column=9)
    found = [
        Diagnostic(severity=Severity.ERROR, code=code, summary=f"it is {code}", location=place)
        for code in ("literal-secret", "other")
    ]
    text = diagnostics_text(found, sources={"specs/d.yml": "A: b\nTOKEN: hunter2\nC: d\n"})
    assert "it is literal-secret" in text
    assert "it is other" in text
    assert "hunter2" not in text
    assert "TOKEN: hunter2" in diagnostics_text(found[1:], sources={"specs/d.yml": "A: b\nTOKEN: hunter2\nC: d\n"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"azureml:{'a1' * 32}:1", "azureml:a1a1a1a1…:1"),
        (f"create model {'0f' * 32}:1 …", "create model 0f0f0f0f…:1 …"),
        (f"azureml:CliV2AnonymousEnvironment:{'c3' * 16}", "azureml:CliV2AnonymousEnvironment:c3c3c3c3…"),
        (f"sha256:{'a1' * 32}", f"sha256:{'a1' * 32}"),
        (f"azureml:{'a1' * 32}:2", f"azureml:{'a1' * 32}:2"),
        ("azureml:digits:1", "azureml:digits:1"),
    ],
)
def test_names_that_are_hashes_are_cut(text: str, shown: str) -> None:
    assert with_short_names(text) == shown


def test_vm_sizes_are_spelled_as_azure_spells_them() -> None:
    made = resource(REF, instance_type="standard_ds4_v2")
    old = resource(REF, instance_type="standard_custom_size")
    step = Step(action=Action.UPDATE, ref=REF, before=old, after=made, changes=diff(old, made))
    assert "instance_type: standard_custom_size -> Standard_DS4_v2" in plan_text(
        plan_view(Plan(env="dev", project="digits", steps=(step,)))
    )
