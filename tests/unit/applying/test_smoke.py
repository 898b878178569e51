"""One smoke test at its limits: what it sends, what is an answer, how long a deployment may settle."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.applying.payload import smoke_body
from deployer.applying.smoke import ask, ask_until_settled, problem_of
from deployer.applying.tools import Interrupted, Tools
from deployer.authoring.answer_schema import unlike
from deployer.core.errors import Unreachable, UsageError
from deployer.core.intent import SmokeTest
from deployer.core.resources import Ref, State, Value, deployment_ref
from deployer.core.workspace import Answer
from deployer.planning.probes import Observation
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
        (b'{"a": [1.0, 2], "b": 3}', SmokeTest(subset={"a": [1, 2]}), ""),
        (b'{"a": [1.1, 2]}', SmokeTest(subset={"a": [1, 2]}, tolerance=0.11), ""),
        (b"0.30000000000000004", SmokeTest(json=0.3), ""),
        (b"0.31", SmokeTest(json=0.3, tolerance=0.005), "answered 0.31 instead of 0.3"),
        (b"the digit is 7", SmokeTest(contains="is 7"), ""),
        (b"the digit is 8", SmokeTest(contains="is 7"), 'answered the digit is 8, which does not contain "is 7"'),
        (b'{"a": {"b": 1}}', SmokeTest(subset={"a": {"b": 2}}), 'answered {"a": {"b": 1}}, with `a.b`: 1 instead of 2'),
        (b'{"a": 1}', SmokeTest(subset={"b": 2}), 'answered {"a": 1}, with no `b`'),
        (b"[1, 2]", SmokeTest(subset=[1]), "answered [1, 2], with 2 items instead of 1"),
        (b"[true]", SmokeTest(subset=[1]), "answered [true], with `[0]`: true instead of 1"),
        (b"x", SmokeTest(subset=1), "answered something that is not JSON: x"),
        (b'{"a": 1}', SmokeTest(schema={"type": "object", "required": ["a"]}), ""),
        (
            b'{"a": "1"}',
            SmokeTest(schema={"properties": {"a": {"type": "integer"}}}),
            'answered {"a": "1"}, which does not match the schema: `a`: "1" is not of type "integer"',
        ),
        (
            b"[]",
            SmokeTest(schema={"minItems": 1}),
            "answered [], which does not match the schema: [] has less than 1 item",
        ),
        (b"x", SmokeTest(schema={"type": "string"}), "answered something that is not JSON: x"),
        (b"7", SmokeTest(max_ms=5), ""),
        (b"7", SmokeTest(max_ms=4), "took 5 ms; at most 4 ms is allowed"),
    ],
)
def test_an_answer_is_what_was_declared_or_has_a_problem(body: bytes, test: SmokeTest, problem: str) -> None:
    assert problem_of(answer(body, milliseconds=5.0), test, unlike) == problem


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


@pytest.mark.parametrize("gone", [False, True])
def test_half_a_minute_is_thirty_seconds(gone: bool) -> None:
    """Each pause is a second here, so that a second more or less is noticed."""

    def respond(name: str, now: float) -> Answer:
        if gone:
            raise Unreachable("Nothing answered.")
        return answer(status=503)

    workspace = MemoryWorkspace(respond=respond)
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return workspace.pause(1.0)

    given = replace(tools(workspace), pause=pause)
    if gone:
        with pytest.raises(Unreachable, match="Nothing answered"):
            ask_until_settled(BLUE, SmokeTest(), given)
    else:
        assert ask_until_settled(BLUE, SmokeTest(), given).problem.startswith("answered 503")
    assert workspace.asked[-1] == (30.0, "blue")
    assert pauses == [0.5, 1.0, 2.0, 4.0, *[5.0] * 26]


def test_a_stop_while_it_settles_says_for_what_it_waited() -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(status=503), stop_at=0.0)
    with pytest.raises(Interrupted, match="interrupted while waiting for deployment digits/blue to settle"):
        ask_until_settled(BLUE, SmokeTest(), tools(workspace))


@pytest.mark.parametrize("run", [ask, ask_until_settled])
def test_the_declared_body_goes_to_that_deployment_and_the_time_is_kept(
    run: Callable[[Ref, SmokeTest, Tools], Observation],
) -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(b"7", milliseconds=12.5))
    test = SmokeTest(request="request.json", json=7)
    given = replace(tools(workspace), body=lambda asked: asked.request.encode())
    assert run(BLUE, test, given) == Observation(milliseconds=12.5, problem="")
    assert (workspace.sent, workspace.asked) == ([("digits", b"request.json")], [(0.0, "blue")])
    wrong = run(BLUE, replace(test, json=8), given)
    assert wrong == Observation(milliseconds=12.5, problem="answered 7 instead of 8")


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


def test_a_request_has_its_own_media_type_and_headers() -> None:
    workspace = MemoryWorkspace(state=State())
    test = SmokeTest(request="seven.png", content_type="image/png", headers={"X-Size": "28"})
    ask(BLUE, test, tools(workspace))
    ask(BLUE, SmokeTest(request="a.json"), tools(workspace))
    assert workspace.sent_headers == [
        {"Content-Type": "image/png", "X-Size": "28"},
        {"Content-Type": "application/json"},
    ]


def test_what_is_sent_and_asked_for_since_is_part_of_what_a_test_is_about() -> None:
    """Tests without it keep the hashes that they have had."""
    plain = SmokeTest(request="a", body_hash="ab")
    assert plain.beyond == ()
    assert SmokeTest(contains="7").beyond == ([None, "7", 0.0],)
    others = [
        SmokeTest(content_type="image/png"),
        SmokeTest(headers={"A": "1"}),
        SmokeTest(headers={"A": "2"}),
        SmokeTest(schema={"type": "string"}),
        SmokeTest(contains="7"),
        SmokeTest(contains="7", content_type="image/png"),
    ]
    assert len({repr(test.beyond) for test in [plain, *others]}) == len(others) + 1
