"""One step and one smoke test at their limits: how long is waited, what is an answer, what is nobody's business."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from deployer.applying.payload import smoke_body
from deployer.applying.step import ask, ask_until_settled, carry_out, problem_of
from deployer.core.errors import Refused, Unreachable, UsageError, WorkspaceError
from deployer.core.intent import SmokeTest
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource, Value, deployment_ref, traffic_ref
from deployer.core.workspace import Answer
from tests.build import deployment, endpoint, live, seen, traffic
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


@dataclass
class Lagging(MemoryWorkspace):
    """Shows what was written only after some seconds, and until then what another reader would see."""

    lag: float = 0.0
    meanwhile: Resource | None = None
    written_at: float | None = None
    shown: list[float] = field(default_factory=list)

    def execute(self, step: Step) -> None:
        self.old = self.state
        self.written_at = self.now
        super().execute(step)

    def read(self, ref: Ref) -> Resource | None:
        self.shown.append(self.now)
        if self.written_at is None or self.now >= self.written_at + self.lag:
            return super().read(ref)
        return self.meanwhile or self.old.get(ref)


SCALED = Step(action=Action.UPDATE, ref=BLUE, before=seen(deployment()), after=deployment(instance_count=2))
HALVED = Step(
    action=Action.UPDATE,
    ref=traffic_ref("digits"),
    before=seen(traffic(blue=100)),
    after=traffic(mirror={}, blue=50, green=50),
)
THERE = live(endpoint(), deployment(), deployment("green"), traffic(blue=100))


def test_old_values_may_be_answered_for_a_minute() -> None:
    assert carry_out(SCALED, tools(Lagging(state=THERE, lag=59))) == ""
    with pytest.raises(WorkspaceError, match=r"but instance_count is 1 \(requested: 2\)") as caught:
        carry_out(SCALED, tools(slow := Lagging(state=THERE, lag=70)))
    assert caught.value.code == "FieldNotTaken"
    assert 60 <= slow.now <= 65


def test_a_split_of_somebody_else_is_believed_after_five_seconds() -> None:
    foreign = seen(traffic(blue=70, green=30))
    assert carry_out(HALVED, tools(Lagging(state=THERE, lag=4, meanwhile=foreign))) == ""
    with pytest.raises(Refused, match="someone else changed traffic digits right after it was written"):
        carry_out(HALVED, tools(slow := Lagging(state=THERE, lag=30, meanwhile=foreign)))
    assert 5 <= slow.now < 10


def test_reading_back_begins_at_once_and_slows_down() -> None:
    workspace = Lagging(state=THERE, lag=3)
    carry_out(SCALED, tools(workspace))
    assert workspace.shown == pytest.approx([0, 0, 0.2, 0.6, 1.4, 3.0])


def test_what_is_not_gone_after_its_deletion_is_said() -> None:
    step = Step(action=Action.DELETE, ref=deployment_ref("digits", "green"), before=seen(deployment("green")))
    with pytest.raises(WorkspaceError, match="still exists after its deletion"):
        carry_out(step, tools(Lagging(state=THERE, lag=1000)))


def test_what_cannot_be_read_back_is_said() -> None:
    step = Step(action=Action.CREATE, ref=deployment_ref("digits", "red"), after=deployment("red"))
    with pytest.raises(WorkspaceError, match="was written but cannot be read back"):
        carry_out(step, tools(Lagging(state=THERE, lag=1000)))


def test_a_value_that_cannot_be_read_or_is_ignored_is_not_missed() -> None:
    class Deaf(MemoryWorkspace):
        def execute(self, step: Step) -> None:
            self.executed.append(step)

    ignoring = replace(SCALED, after=deployment(instance_count=1, tags={"a": "b"}), ignore=(("tags", "a"),))
    unknown = live(seen(deployment(), unknown=(("instance_count",),)))
    for step, state in ((ignoring, THERE), (replace(SCALED, before=unknown.get(BLUE)), unknown)):
        assert carry_out(step, tools(Deaf(state=state))) in ("", "already so")


def test_a_replacement_is_written_even_if_the_fields_are_as_they_should_be() -> None:
    broken = live(endpoint(), seen(deployment(), "Failed"), traffic())
    step = Step(action=Action.REPLACE, ref=BLUE, before=broken.get(BLUE), after=deployment())
    workspace = MemoryWorkspace(state=broken)
    assert carry_out(step, tools(workspace)) == ""
    assert [done.action for done in workspace.executed] == [Action.REPLACE]


def test_a_deletion_that_somebody_else_was_faster_with_is_done() -> None:
    step = Step(action=Action.DELETE, ref=deployment_ref("digits", "red"), before=seen(deployment("red")))
    workspace = MemoryWorkspace(state=THERE)
    assert carry_out(step, tools(workspace)) == "already so"
    assert workspace.executed == []


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ([endpoint(), traffic()], "it is gone"),
        ([endpoint(), deployment(instance_count=5), traffic()], "instance_count"),
        ([endpoint(), seen(deployment(), "Failed"), traffic()], "its last operation failed"),
    ],
)
def test_a_refusal_says_what_moved(now: list[Resource], words: str) -> None:
    workspace = MemoryWorkspace(state=live(*now))
    with pytest.raises(Refused, match=words):
        carry_out(SCALED, tools(workspace))
    assert workspace.executed == []


def test_what_was_not_there_when_it_was_planned_is_not_overwritten() -> None:
    step = Step(action=Action.CREATE, ref=BLUE, after=deployment(instance_count=2))
    with pytest.raises(Refused, match="it exists now"):
        carry_out(step, tools(MemoryWorkspace(state=THERE)))


def test_the_body_of_a_smoke_test_is_a_file_as_it_is_or_a_picture_in_base64(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_bytes(b'{"a": 1}')
    (tmp_path / "p.png").write_bytes(b"\x00\xff")
    assert smoke_body(tmp_path, SmokeTest(request="r.json")) == b'{"a": 1}'
    sent: Value = json.loads(smoke_body(tmp_path, SmokeTest(image="p.png")))
    assert sent == {"data": "AP8="}
    with pytest.raises(UsageError, match="cannot be read"):
        smoke_body(tmp_path, SmokeTest(request="nowhere.json"))
