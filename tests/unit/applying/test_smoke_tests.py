"""One smoke test at its limits: what it sends, what is an answer, how long a deployment may settle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer.applying.payload import smoke_body
from deployer.applying.smoke_test import ask, ask_until_settled, problem_of
from deployer.core.errors import Unreachable, UsageError
from deployer.core.intent import SmokeTest
from deployer.core.resources import Value, deployment_ref
from deployer.core.workspace import Answer
from tests.unit.memory import MemoryWorkspace, answer, tools

BLUE = deployment_ref("digits", "blue")


@pytest.mark.parametrize(
    ("body", "test", "problem"),
    [
        (b"7", SmokeTest(json=7), ""),
        (b"7.0", SmokeTest(json=7), ""),
        (b"8", SmokeTest(json=7), "answered 8 instead of 7"),
        (b"null", SmokeTest(json=None), ""),
        (b"1", SmokeTest(json=True), "answered 1 instead of true"),
        (b"true", SmokeTest(json=1), "answered true instead of 1"),
        (b"seven", SmokeTest(json=7), "answered something that is not JSON: seven"),
        (b"seven", SmokeTest(), ""),
        (b"", SmokeTest(json=7), "answered something that is not JSON: an empty body"),
        (b"x" * 200, SmokeTest(json=7), f"answered something that is not JSON: {'x' * 200}"),
        (b"x" * 201, SmokeTest(json=7), f"answered something that is not JSON: {'x' * 200}…"),
        (b"a\n  b", SmokeTest(status=201), "answered 200 instead of 201: a b"),
        (b"7", SmokeTest(max_ms=5), ""),
        (b"7", SmokeTest(max_ms=4), "took 5 ms; at most 4 ms is allowed"),
    ],
)
def test_an_answer_is_what_was_declared_or_has_a_problem(body: bytes, test: SmokeTest, problem: str) -> None:
    assert problem_of(answer(body, milliseconds=5.0), test) == problem


def test_a_probe_that_nothing_answers_is_a_problem_and_no_error() -> None:
    def nothing(name: str, now: float) -> Answer:
        raise Unreachable("Nothing answered.")

    found = ask(BLUE, SmokeTest(), tools(MemoryWorkspace(respond=nothing)))
    assert (found.milliseconds, found.problem) == (0.0, "Nothing answered.")


@pytest.mark.parametrize("status", [404, 429, 502, 503])
def test_a_deployment_is_given_half_a_minute_to_settle_and_asked_ever_less_often(status: int) -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(status=status))
    found = ask_until_settled(BLUE, SmokeTest(), tools(workspace))
    assert found.problem.startswith(f"answered {status} instead of 200")
    assert [now for now, _ in workspace.asked] == [0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5, 27.5, 32.5]


@pytest.mark.parametrize(("status", "wanted"), [(400, 200), (424, 200), (500, 200), (404, 404)])
def test_an_answer_of_the_deployment_itself_is_not_asked_for_twice(status: int, wanted: int) -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(status=status))
    found = ask_until_settled(BLUE, SmokeTest(status=wanted), tools(workspace))
    assert len(workspace.asked) == 1
    assert bool(found.problem) == (status != wanted)


def test_what_settles_in_time_has_passed() -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(status=200 if now > 20 else 503))
    assert ask_until_settled(BLUE, SmokeTest(), tools(workspace)).problem == ""


def test_the_body_of_a_smoke_test_is_a_file_as_it_is_or_a_picture_in_base64(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(b'{"a": 1}')
    (tmp_path / "p.png").write_bytes(b"\x00\xff")
    assert smoke_body(tmp_path, SmokeTest(request="r.json")) == b'{"a": 1}'
    sent: Value = json.loads(smoke_body(tmp_path, SmokeTest(image="p.png")))
    assert sent == {"data": "AP8="}
    with pytest.raises(UsageError, match="cannot be read"):
        smoke_body(tmp_path, SmokeTest(request="nowhere.json"))
