"""Look, wait, look again: a busy workspace never makes a step overwrite what somebody else wrote meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from deployer.applying.step import carry_out
from deployer.applying.tools import Interrupted
from deployer.core.errors import Busy, NotFound, Refused, Unreachable, WorkspaceError
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Ref, Resource, State, deployment_ref, traffic_ref
from tests.build import deployment, endpoint, live, seen, traffic
from tests.unit.digits import with_live
from tests.unit.memory import MemoryWorkspace, Noting, tools

BLUE, TRAFFIC = deployment_ref("digits", "blue"), traffic_ref("digits")
ONE, TWO, THREE = (deployment(model=f"azureml:digits:{number}") for number in (1, 2, 3))
UPDATE = Step(action=Action.UPDATE, ref=BLUE, before=seen(ONE), after=TWO)
CREATE = Step(action=Action.CREATE, ref=BLUE, after=TWO)
MOVE = Step(action=Action.UPDATE, ref=TRAFFIC, before=seen(traffic(blue=100)), after=traffic(mirror={}, green=100))
DELETE = Step(action=Action.DELETE, ref=BLUE, before=seen(ONE))


def busy(seconds: float = 60.0, after: float | None = None) -> Busy:
    return Busy("another operation is in progress", retry_seconds=seconds, retry_after=after)


def cut() -> Unreachable:
    return Unreachable("the connection was cut", retry_seconds=60.0)


@dataclass
class Refusing(MemoryWorkspace):
    """Refuses the first writes with these errors; `meanwhile` happens just before."""

    errors: list[WorkspaceError] = field(default_factory=list)
    meanwhile: Callable[[Refusing, Step], None] = lambda workspace, step: None
    tries: int = 0

    def execute(self, step: Step) -> None:
        self.tries += 1
        if self.errors:
            self.meanwhile(self, step)
            raise self.errors.pop(0)
        super().execute(step)


def there(*items: Resource) -> State:
    return live(endpoint(), *(items or (ONE, deployment("green"), traffic(blue=100))))


def test_a_busy_workspace_is_waited_for_ever_more_slowly() -> None:
    workspace = Refusing(state=there(), errors=[busy() for _ in range(4)])
    watcher = Noting()
    assert carry_out(UPDATE, replace(tools(workspace), watcher=watcher)) == ""
    assert (workspace.tries, workspace.now) == (5, 0.5 + 1 + 2 + 4)
    assert watcher.told == ["deployment digits/blue: trying again"] * 4


def test_what_the_workspace_asks_is_heeded() -> None:
    workspace = Refusing(state=there(), errors=[busy(after=7.0), busy(after=7.0)])
    carry_out(UPDATE, tools(workspace))
    assert workspace.now == 14.0


def test_a_pause_is_never_longer_than_half_a_minute() -> None:
    workspace = Refusing(state=there(), errors=[busy(1000.0) for _ in range(8)])
    carry_out(UPDATE, tools(workspace))
    assert workspace.now == 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30


@pytest.mark.parametrize(
    ("step", "foreign"), [(UPDATE, THREE), (MOVE, traffic(mirror={}, blue=50, green=50)), (DELETE, THREE)]
)
def test_what_somebody_else_wrote_while_it_was_busy_is_not_overwritten(step: Step, foreign: Resource) -> None:
    def write(workspace: Refusing, _: Step) -> None:
        with_live(workspace, seen(foreign))

    workspace = Refusing(state=there(), errors=[busy()], meanwhile=write)
    if step is DELETE:
        workspace.state = there(ONE, traffic())
    with pytest.raises(Refused, match="has changed since it was planned"):
        carry_out(step, tools(workspace))
    assert (workspace.tries, workspace.executed) == (1, [])


@pytest.mark.parametrize("step", [UPDATE, CREATE, MOVE, DELETE])
def test_a_write_that_was_done_without_an_answer_is_done(step: Step) -> None:
    def do(workspace: Refusing, write: Step) -> None:
        MemoryWorkspace.execute(workspace, write)

    workspace = Refusing(state=there(), errors=[cut()], meanwhile=do)
    if step is not MOVE:
        workspace.state = there(*([] if step is CREATE else [ONE]), traffic())
    assert carry_out(step, tools(workspace)) == "already so"
    assert workspace.tries == 1


def test_the_second_half_of_a_replacement_is_done_after_the_first() -> None:
    def delete(workspace: Refusing, write: Step) -> None:
        kept = {ref: item for ref, item in workspace.state.resources.items() if ref != write.ref}
        workspace.state = replace(workspace.state, resources=kept)

    failed = seen(ONE, "Failed")
    step = Step(action=Action.REPLACE, ref=BLUE, before=failed, after=TWO)
    workspace = Refusing(state=there(failed, traffic()), errors=[busy()], meanwhile=delete)
    assert carry_out(step, tools(workspace)) == ""
    assert [(item.action, item.before) for item in workspace.executed] == [(Action.CREATE, None)]


def test_an_operation_that_was_canceled_leaves_its_own_cause() -> None:
    def leave_failed(workspace: Refusing, write: Step) -> None:
        assert write.after is not None
        with_live(workspace, seen(write.after, "Canceled"))

    canceled = Busy("the operation was canceled", retry_seconds=60.0)
    workspace = Refusing(state=there(traffic()), errors=[canceled], meanwhile=leave_failed)
    with pytest.raises(Busy, match="the operation was canceled"):
        carry_out(CREATE, tools(workspace))
    assert workspace.tries == 1


def test_an_update_that_failed_without_taking_effect_is_tried_again() -> None:
    def leave_old(workspace: Refusing, _: Step) -> None:
        with_live(workspace, seen(ONE, "Failed"))

    workspace = Refusing(state=there(), errors=[busy()], meanwhile=leave_old)
    assert carry_out(UPDATE, tools(workspace)) == ""


@pytest.mark.parametrize(("seconds", "tries"), [(0.0, 1), (0.5, 2), (1.4, 2), (1.5, 3)])
def test_patience_ends_when_the_error_says(seconds: float, tries: int) -> None:
    workspace = Refusing(state=there(), errors=[busy(seconds) for _ in range(9)])
    with pytest.raises(Busy, match="another operation"):
        carry_out(UPDATE, tools(workspace))
    assert workspace.tries == tries


def test_a_stop_ends_the_waiting_at_once() -> None:
    workspace = Refusing(state=there(), errors=[busy() for _ in range(9)], stop_at=0.1)
    with pytest.raises(Interrupted, match="interrupted while waiting to write deployment digits/blue"):
        carry_out(UPDATE, tools(workspace))
    assert workspace.tries == 1


@dataclass
class Stale(MemoryWorkspace):
    """Does not show a resource for some seconds, as an eventually consistent service."""

    hidden: Ref = BLUE
    until: float = 0.0

    def read(self, ref: Ref) -> Resource | None:
        return None if ref == self.hidden and self.now < self.until else super().read(ref)


def test_a_stale_read_is_looked_at_again_and_is_not_somebody_else() -> None:
    assert carry_out(UPDATE, tools(Stale(state=there(), until=3.0))) == ""
    with pytest.raises(Refused, match="it is gone"):
        carry_out(UPDATE, tools(gone := Stale(state=there(), until=60.0)))
    assert (gone.now, gone.executed) == (5.0, [])


def test_what_is_not_there_any_more_is_not_waited_for() -> None:
    workspace = Refusing(state=there(), errors=[NotFound("no such model")])
    with pytest.raises(NotFound):
        carry_out(UPDATE, tools(workspace))
    assert (workspace.tries, workspace.now) == (1, 0.0)


def test_an_endpoint_that_was_shown_to_a_person_is_deleted_only_as_it_was_shown() -> None:
    shown = seen(endpoint())
    step = Step(action=Action.DELETE, ref=shown.ref, before=shown)
    workspace = MemoryWorkspace(state=live(endpoint(description="mine now"), ONE, traffic(blue=100)))
    with pytest.raises(Refused):
        carry_out(step, tools(workspace))
    assert workspace.state.of_kind(Kind.ENDPOINT)
