"""A workspace in memory and a clock that only moves when somebody waits: an hour of bake takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import RLock

from deployer.applying.tools import Tools
from deployer.authoring.answer_schema import unlike
from deployer.azureml.kinds.observed import secret_fields
from deployer.azureml.kinds.rows import plain
from deployer.core.errors import WorkspaceError
from deployer.core.health import Condition, Health
from deployer.core.metrics import Measured, Span
from deployer.core.outcome import StepResult
from deployer.core.plan import Step
from deployer.core.resources import Kind, Ref, Resource, State
from deployer.core.secret_paths import SecretPaths
from deployer.core.workspace import Answer, KeyName, Wanted
from deployer.planning.reconcile import simulate

Respond = Callable[[str, float], Answer]
"""(deployment, now) -> what it answers."""


def answer(body: bytes = b"7", status: int = 200, milliseconds: float = 5.0) -> Answer:
    return Answer(status=status, body=body, milliseconds=milliseconds, deployment="")


def as_a_service_has_it(state: State, written: Ref, noted: SecretPaths | None) -> State:
    """The state with secrets opened, of which the tags of what was written say where they are."""
    resources = {ref: replace(item, fields=plain(item.fields)) for ref, item in state.resources.items()}
    if noted is not None and written.kind in (Kind.ENDPOINT, Kind.DEPLOYMENT) and (there := resources.get(written)):
        book = replace(there.seen.bookkeeping, secret=noted)
        resources[written] = replace(there, observed=replace(there.seen, bookkeeping=book))
    return State(resources=resources)


def _with_mark(state: State, step: Step) -> State:
    """The state with the mark of the rollout as it was written: `simulate` takes its last stage for judged."""
    item = state.get(step.ref)
    if step.ref.kind is not Kind.TRAFFIC or item is None or step.bookkeeping is None:
        return state
    book = replace(item.seen.bookkeeping, rollout=step.bookkeeping.rollout)
    marked = replace(item, observed=replace(item.seen, bookkeeping=book))
    return State(resources={**state.resources, item.ref: marked})


@dataclass
class MemoryWorkspace:
    """Executes by `simulate`; `before_execute` may break or change things first."""

    state: State = field(default_factory=State)
    respond: Respond = lambda name, now: answer()
    before_execute: Callable[[Step], None] = lambda step: None
    measure: Callable[[Span], Measured] = lambda span: {}
    now: float = 0.0
    executed: list[Step] = field(default_factory=list)
    asked: list[tuple[float, str]] = field(default_factory=list)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    sent_headers: list[dict[str, str]] = field(default_factory=list)
    stop_at: float = float("inf")
    lock: RLock = field(default_factory=RLock, repr=False)

    def observe(self, wanted: Wanted) -> State:
        return self.state

    def read(self, ref: Ref) -> Resource | None:
        return self.state.get(ref)

    def upload(self, step: Step) -> bool:
        return False

    def execute(self, step: Step) -> None:
        self.before_execute(step)
        with self.lock:  # steps are carried out side by side
            self.executed.append(step)
            noted = secret_fields(step, step.after) if step.after else None
            state = as_a_service_has_it(simulate(self.state, step), step.ref, noted)
            self.state = _with_mark(state, step)

    def score(
        self,
        endpoint: str,
        body: bytes,
        *,
        deployment: str = "",
        headers: Mapping[str, str] = {},
        timeout: float = 200.0,
    ) -> Answer:
        self.asked.append((self.now, deployment))
        self.sent.append((endpoint, body))
        self.sent_headers.append(dict(headers))
        return replace(self.respond(deployment, self.now), deployment=deployment)

    def openapi(self, endpoint: str, *, deployment: str = "") -> Answer:
        return replace(self.respond(deployment, self.now), deployment=deployment)

    def measured(self, endpoint: str, span: Span) -> Measured:
        return self.measure(span)

    def logs(self, ref: Ref, container: str, tail: int) -> str:
        return ""

    def keys(self, endpoint: str) -> tuple[str, str]:
        raise WorkspaceError("no keys here")

    def conditions(self) -> Iterator[Condition]:
        yield Condition(about="workspace", health=Health.WELL, found="in memory")

    def rotate_key(self, endpoint: str, which: KeyName) -> None:
        raise WorkspaceError("no keys here")

    def bearer(self, endpoint: str) -> str:
        raise WorkspaceError("no keys here")

    def pause(self, seconds: float) -> bool:
        self.now += seconds
        return self.stopping()

    def stopping(self) -> bool:
        return self.now >= self.stop_at


@dataclass
class Noting:
    """Remembers what it is told, in words."""

    told: list[str] = field(default_factory=list)

    def step_started(self, step: Step) -> None:
        self.told.append(f"{step.action.value} {step.ref}")

    def waiting(self, step: Step, words: str) -> None:
        self.told.append(f"{step.ref}: {words}")

    def probing(self, step: Step, done: int, of: int) -> None:
        self.told.append(f"{step.ref}: {done} of {of}")

    def watching(self, step: Step, words: str, left: float) -> None:
        self.told.append(f"{step.ref}: {words}")

    def step_ended(self, result: StepResult) -> None:
        self.told.append(f"{result.result.value} {result.step.ref}")


class Silent:
    def step_started(self, step: Step) -> None: ...

    def waiting(self, step: Step, words: str) -> None: ...

    def probing(self, step: Step, done: int, of: int) -> None: ...

    def watching(self, step: Step, words: str, left: float) -> None: ...

    def step_ended(self, result: StepResult) -> None: ...


def tools(workspace: MemoryWorkspace) -> Tools:
    return Tools(
        workspace=workspace,
        body=lambda test: b"{}",
        unlike=unlike,
        watcher=Silent(),
        now=lambda: workspace.now,
        wall=lambda: workspace.now,
        pause=workspace.pause,
        stopping=workspace.stopping,
    )
