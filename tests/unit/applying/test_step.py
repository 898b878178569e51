"""One step at its limits: what is checked before it is written, and how long reading back may take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from deployer.applying.step import carry_out
from deployer.core.errors import Refused, WorkspaceError
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource, deployment_ref, traffic_ref
from tests.build import deployment, endpoint, live, seen, traffic
from tests.unit.memory import MemoryWorkspace, tools

BLUE = deployment_ref("digits", "blue")


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
