"""One step at its limits: what is checked before it is written, and how long reading back may take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from deployer.applying.step import carry_out
from deployer.applying.tools import Interrupted
from deployer.core.diff import FieldChange
from deployer.core.errors import DeployerError, Refused, WorkspaceError
from deployer.core.fields import Effect
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource, deployment_ref, endpoint_ref, traffic_ref
from tests.build import changed, deployment, endpoint, live, seen, traffic
from tests.unit.memory import MemoryWorkspace, Noting, tools

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


@pytest.mark.parametrize(
    ("step", "meanwhile", "seconds"),
    [(SCALED, None, 60.0), (HALVED, None, 60.0), (HALVED, seen(traffic(blue=70, green=30)), 5.0)],
)
def test_the_limits_of_reading_back_are_met_to_the_second(
    step: Step, meanwhile: Resource | None, seconds: float
) -> None:
    """Each pause is a second here. An old split may be shown as long as any old value; a foreign one may not."""
    workspace = Lagging(state=THERE, lag=1000, meanwhile=meanwhile)
    pauses: list[float] = []

    def pause(asked: float) -> bool:
        pauses.append(asked)
        return workspace.pause(1.0)

    with pytest.raises(DeployerError):
        carry_out(step, replace(tools(workspace), pause=pause))
    assert workspace.now == seconds
    assert pauses == ([0.2, 0.4, 0.8, 1.6, 3.2] + [5.0] * 60)[: int(seconds)]


def test_somebody_who_looks_on_is_told_of_the_reading_back() -> None:
    watcher = Noting()
    carry_out(SCALED, replace(tools(Lagging(state=THERE, lag=0.5)), watcher=watcher))
    assert watcher.told == ["deployment digits/blue: verifying"] * 2


def test_a_stop_while_reading_back_is_said_in_the_note() -> None:
    workspace = Lagging(state=THERE, lag=1000, stop_at=0.1)
    assert carry_out(SCALED, tools(workspace)) == "written, but not verified because of the interruption"
    assert workspace.executed == [SCALED]


@pytest.mark.parametrize(("share", "refused"), [(0, False), (1, True), (100, True)])
def test_no_share_however_small_goes_to_a_deployment_that_failed(share: int, refused: bool) -> None:
    state = live(endpoint(), deployment(), seen(deployment("green"), "Failed"), traffic(blue=100))
    after = traffic(mirror={}, blue=100 - share, **({"green": share} if share else {}))
    step = Step(action=Action.UPDATE, ref=traffic_ref("digits"), before=state.get(traffic_ref("digits")), after=after)
    workspace = MemoryWorkspace(state=state)
    if not refused:
        assert carry_out(step, tools(workspace)) == "already so"
        return
    with pytest.raises(WorkspaceError, match="deployment digits/green failed when it was last created") as caught:
        carry_out(step, tools(workspace))
    assert (caught.value.code, workspace.executed) == ("TargetNotHealthy", [])


def test_a_deployment_that_failed_keeps_the_share_it_has() -> None:
    state = live(
        endpoint(), deployment(), seen(deployment("green"), "Failed"), deployment("red"), traffic(blue=50, green=50)
    )
    after = traffic(mirror={}, red=50, green=50)
    step = Step(action=Action.UPDATE, ref=traffic_ref("digits"), before=state.get(traffic_ref("digits")), after=after)
    assert carry_out(step, tools(MemoryWorkspace(state=state))) == ""


def test_traffic_to_a_deployment_that_does_not_exist_is_not_written() -> None:
    state = live(endpoint(), deployment(), traffic(blue=100))
    step = replace(HALVED, before=state.get(traffic_ref("digits")))
    workspace = MemoryWorkspace(state=state)
    with pytest.raises(WorkspaceError, match="deployment digits/green does not exist, so it gets no traffic"):
        carry_out(step, tools(workspace))
    assert workspace.executed == []


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE])
@pytest.mark.parametrize("shares", [{"traffic": {"green": 100}}, {"mirror_traffic": {"green": 10}}])
def test_a_deployment_with_any_traffic_is_neither_deleted_nor_replaced(
    action: Action, shares: dict[str, dict[str, int]]
) -> None:
    split = seen(changed(traffic(blue=100), **shares))
    state = live(endpoint(), deployment(), deployment("green"), split)
    ref = deployment_ref("digits", "green")
    after = deployment("green", instance_count=2) if action is Action.REPLACE else None
    workspace = MemoryWorkspace(state=state)
    with pytest.raises(Refused, match="has received traffic since it was planned; it was not deleted"):
        carry_out(Step(action=action, ref=ref, before=state.get(ref), after=after), tools(workspace))
    assert workspace.executed == []


def test_an_update_of_a_deployment_with_traffic_is_written() -> None:
    workspace = MemoryWorkspace(state=THERE)
    assert carry_out(SCALED, tools(workspace)) == ""
    assert workspace.executed == [SCALED]


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


def test_a_refusal_names_at_most_five_fields() -> None:
    before, after = ({name: value for name in "abcdef"} for value in ("1", "2"))
    now = live(endpoint(), deployment(environment_variables=after), traffic())
    step = replace(SCALED, before=seen(deployment(environment_variables=before)))
    with pytest.raises(Refused) as caught:
        carry_out(step, tools(MemoryWorkspace(state=now)))
    named = ", ".join(f"environment_variables.{name}" for name in "abcde")
    assert f"has changed since it was planned ({named}); nothing was written to it" in caught.value.message


@pytest.mark.parametrize(
    ("sensitive", "words"), [(True, "is not what was requested"), (False, "is 'a' (requested: 'b')")]
)
def test_a_value_of_a_sensitive_field_is_not_in_the_message_when_it_does_not_take(
    sensitive: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = FieldChange(path=("key",), before="a", after="b", effect=Effect.ROLLING, sensitive=sensitive)
    monkeypatch.setattr("deployer.applying.read_back.diff", lambda before, after: (change,))
    with pytest.raises(WorkspaceError) as caught:
        carry_out(SCALED, tools(Lagging(state=THERE, lag=1000)))
    assert caught.value.message == f"the workspace accepted the change to deployment digits/blue, but key {words}"


def test_what_was_not_there_when_it_was_planned_is_not_overwritten() -> None:
    step = Step(action=Action.CREATE, ref=BLUE, after=deployment(instance_count=2))
    with pytest.raises(Refused, match="it exists now"):
        carry_out(step, tools(MemoryWorkspace(state=THERE)))


def test_an_endpoint_is_deleted_with_the_deployments_that_were_shown_and_no_other() -> None:
    gone = Step(action=Action.DELETE, ref=endpoint_ref("digits"), before=seen(endpoint()), takes=(BLUE,), serving=True)
    with pytest.raises(Refused, match="has got deployment digits/green since it was planned; it was not deleted"):
        carry_out(gone, tools(MemoryWorkspace(state=THERE)))
    assert (
        carry_out(gone, tools(there := MemoryWorkspace(state=live(endpoint(), deployment(), traffic(blue=100))))) == ""
    )
    assert there.state.resources == {}


def test_an_idle_endpoint_that_serves_meanwhile_is_not_deleted() -> None:
    gone = Step(action=Action.DELETE, ref=endpoint_ref("digits"), before=seen(endpoint()), takes=(BLUE,))
    with pytest.raises(Refused, match="has received traffic since it was planned"):
        carry_out(gone, tools(MemoryWorkspace(state=live(endpoint(), deployment(), traffic(blue=100)))))


@dataclass
class Uploading(MemoryWorkspace):
    """Something happens while the files of a step are uploaded."""

    meanwhile: Resource | None = None
    uploads: int = 0

    def upload(self, step: Step) -> bool:
        self.uploads += 1
        if self.meanwhile:
            self.state = replace(self.state, resources={**self.state.resources, self.meanwhile.ref: self.meanwhile})
        return True


def test_what_changes_during_a_long_upload_is_noticed() -> None:
    slow = Uploading(state=THERE, meanwhile=seen(deployment(instance_count=7)))
    with pytest.raises(Refused, match=r"has changed since it was planned \(instance_count\)"):
        carry_out(SCALED, tools(slow))
    assert slow.executed == []


def test_an_upload_happens_once_and_not_for_what_is_done_already() -> None:
    assert carry_out(SCALED, tools(quick := Uploading(state=THERE))) == ""
    assert (quick.uploads, quick.executed) == (1, [SCALED])
    assert carry_out(SCALED, tools(done := Uploading(state=live(deployment(instance_count=2))))) == "already so"
    assert done.uploads == 0


@dataclass
class Stumbling(MemoryWorkspace):
    """The first uploads fail for a reason that passes."""

    failures: int = 0
    uploads: int = 0

    def upload(self, step: Step) -> bool:
        self.uploads += 1
        if self.uploads <= self.failures:
            raise WorkspaceError("the storage does not answer", retry_seconds=100.0)
        return True


def test_an_upload_that_fails_for_a_moment_is_tried_again() -> None:
    assert carry_out(SCALED, tools(slow := Stumbling(state=THERE, failures=3))) == ""
    assert (slow.uploads, slow.executed) == (4, [SCALED])


def test_a_stop_ends_the_tries_at_once() -> None:
    slow = Stumbling(state=THERE, failures=100, stop_at=1.0)
    with pytest.raises(Interrupted, match="interrupted while waiting to write deployment digits/blue"):
        carry_out(SCALED, tools(slow))
    assert slow.now < 3
