"""apply: carry out a plan and report the result of each step. Endpoints run in parallel, phases of one in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import TypeVar, assert_never

from deployer.applying.bake import bake
from deployer.applying.record import record, with_passed
from deployer.applying.result import tried
from deployer.applying.smoke import smoke
from deployer.applying.step import carry_out
from deployer.applying.tools import Interrupted, Tools
from deployer.applying.undo import put_back, undo, undo_in_place
from deployer.applying.watch import Seen
from deployer.core.errors import Refused, WrongAnswer
from deployer.core.judgement import Judged
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Kind, Ref, referenced
from deployer.kinds import ASSETS
from deployer.kinds.phases import Phase
from deployer.planning.due_tests import gates
from deployer.planning.pins import by_version
from deployer.planning.reconcile import phase_of

Item = TypeVar("Item")

SIDE_BY_SIDE = 8
"""Endpoints, or steps of one phase, that run in parallel."""


def apply(plan: Plan, tools: Tools) -> Outcome:
    """Carry out a plan, assets first. What needs a failed asset is skipped; a failed endpoint stops alone."""
    assets = [step for step in plan.steps if step.ref.kind in ASSETS]
    rest = [step for step in plan.steps if step.ref.kind not in ASSETS]
    results = _side_by_side(_by_asset(assets), lambda versions: [_result_of(step, tools) for step in versions])
    lacking = frozenset(item.step.ref for item in results if item.result is not Result.APPLIED)
    results += _side_by_side(_by_endpoint(rest), lambda steps: _endpoint(steps, lacking, tools))
    return Outcome(results=tuple(results), interrupted=tools.stopping(), paused=tools.time_is_up())


def _by_endpoint(steps: Iterable[Step]) -> list[list[Step]]:
    ordered = sorted(steps, key=lambda step: step.ref.endpoint)
    return [list(group) for _, group in groupby(ordered, key=lambda step: step.ref.endpoint)]


def _side_by_side(items: Sequence[Item], work: Callable[[Item], list[StepResult]]) -> list[StepResult]:
    if len(items) < 2:
        return [result for item in items for result in work(item)]
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return [result for results in pool.map(work, items) for result in results]


def _skipped(steps: Iterable[Step], note: str = "") -> list[StepResult]:
    return [StepResult(step=step, result=Result.SKIPPED, note=note) for step in steps]


def _endpoint(steps: Sequence[Step], lacking: frozenset[Ref], tools: Tools) -> list[StepResult]:
    """The phases of one endpoint in order, until one fails or the user interrupts; its verdicts are then recorded."""
    results: list[StepResult] = []
    for phase, group in groupby(sorted(steps, key=phase_of), key=phase_of):
        if tools.ends() or any(_stops(item, steps) for item in results):
            results += _skipped(group)
        else:
            results += _phase(phase, list(group), results, lacking, tools)
    return [*results, *record(steps, results, tools)]


def _stops(item: StepResult, steps: Sequence[Step]) -> bool:
    """Whether the phases after a result are not done: not for the failed test of a deployment that stays idle."""
    if item.result is Result.APPLIED:
        return False
    return item.step.action is not Action.TEST or gates(item.step, steps)


def _phase(
    phase: Phase, steps: Sequence[Step], done: Sequence[StepResult], lacking: frozenset[Ref], tools: Tools
) -> list[StepResult]:
    match phase:
        case Phase.TRAFFIC:
            return _traffic(with_passed(steps, done), tools)
        case Phase.SMOKE_TESTS:
            return _side_by_side(steps, lambda step: [_result_of(step, tools, smoke)])
        case Phase.SERVING_DEPLOYMENTS:
            return _serving(steps, lacking, tools)
        case Phase.ASSETS | Phase.ENDPOINT | Phase.DEPLOYMENTS:
            return _side_by_side(steps, lambda step: _if_supplied(step, lacking, tools))
        case Phase.AUTOSCALE_OFF | Phase.AUTOSCALE | Phase.DELETES_OF_AUTOSCALE:  # each may write its endpoint's tags
            return [_result_of(step, tools) for step in steps]
        case Phase.DELETES_OF_DEPLOYMENTS | Phase.DELETES_OF_ENDPOINTS:
            return _side_by_side(steps, lambda step: [_result_of(step, tools)])
    assert_never(phase)


def _by_asset(steps: Sequence[Step]) -> list[list[Step]]:
    """The versions of each asset, oldest first: the one that is registered last is what `latest` means."""
    found: dict[tuple[Kind, str], list[Step]] = {}
    for step in sorted(steps, key=lambda step: by_version(step.ref)):
        found.setdefault((step.ref.kind, step.ref.name.rpartition(":")[0]), []).append(step)
    return list(found.values())


def _if_supplied(step: Step, lacking: frozenset[Ref], tools: Tools) -> list[StepResult]:
    """The result of a step; skipped if an asset that its resource needs could not be registered."""
    needs = {referenced(step.after, kind) for kind in ASSETS} if step.after else set()
    missing = sorted(ref for ref in needs if ref in lacking)
    return _skipped([step], f"needs {missing[0]}") if missing else [_result_of(step, tools)]


def _result_of(
    step: Step,
    tools: Tools,
    work: Callable[[Step, Tools], str] = carry_out,
    judged: Callable[[], tuple[Judged, ...]] = tuple,
) -> StepResult:
    """The result of a step; skipped if the user has interrupted, or the time is up."""
    return StepResult(step=step, result=Result.SKIPPED) if tools.ends() else tried(step, tools, work, judged)


def _serving(steps: Sequence[Step], lacking: frozenset[Ref], tools: Tools) -> list[StepResult]:
    """Write and test what serves, one deployment after the other, until one fails; a wrong answer is undone."""
    results: list[StepResult] = []
    write: Step | None = None
    for step in steps:
        if any(item.result is not Result.APPLIED for item in results):
            results += _skipped([step])
        elif step.action is Action.TEST:
            tested = _result_of(step, tools, smoke)
            wrong = isinstance(tested.error, WrongAnswer)
            undone = undo_in_place(write if write and write.ref == step.ref else None, step, tools) if wrong else ()
            results += [tested, *undone]
        else:
            write = step
            results += _if_supplied(step, lacking, tools)
    return results


def _traffic(steps: Sequence[Step], tools: Tools) -> list[StepResult]:
    """Run the traffic steps of one endpoint in sequence. If one fails, the split before the rollout is restored."""
    results: list[StepResult] = []
    seen = Seen()
    for number, step in enumerate(steps):
        seen.rows = ()
        last = _result_of(step, tools, partial(_move, seen), lambda: seen.rows)
        results.append(last)
        if last.result is not Result.APPLIED:
            results += _skipped(steps[number + 1 :])
            if _may_be_undone(last):
                results += undo(step.ref, partial(put_back, steps, step, tools), tools)
            break
    return results


def _may_be_undone(item: StepResult) -> bool:
    """True for a failed step, unless it was refused as stale or interrupted: the next apply then continues."""
    return item.result is Result.FAILED and not isinstance(item.error, Refused | Interrupted)


def _move(seen: Seen, step: Step, tools: Tools) -> str:
    note = carry_out(step, tools)
    return bake(step, tools, seen) or note
