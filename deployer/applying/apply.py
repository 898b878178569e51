"""apply: carry out a plan and report the result of each step. Endpoints run in parallel, phases of one in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import TypeVar, assert_never

from deployer.applying.bake import bake
from deployer.applying.smoke import ask_until_settled
from deployer.applying.step import Interrupted, Tools, carry_out, health_problem
from deployer.applying.undo import move_to_healthy, put_back, undo
from deployer.core.errors import Refused, WorkspaceError, as_deployer_error
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Plan, Step
from deployer.kinds import ASSETS
from deployer.kinds.phases import Phase
from deployer.planning.reconcile import phase_of

Item = TypeVar("Item")

SIDE_BY_SIDE = 8
"""Endpoints, or steps of one phase, that run in parallel."""

WRONG_ANSWER = "SmokeTestFailed"


def apply(plan: Plan, tools: Tools) -> Outcome:
    """Carry out a plan, assets first. If an asset fails, nothing else runs; a failed endpoint stops alone."""
    assets = [step for step in plan.steps if step.ref.kind in ASSETS]
    rest = [step for step in plan.steps if step.ref.kind not in ASSETS]
    results = _side_by_side(assets, lambda step: [_result_of(step, tools)])
    if all(item.result is Result.APPLIED for item in results):
        results += _side_by_side(_by_endpoint(rest), lambda steps: _endpoint(steps, tools))
    else:
        results += _skipped(rest)
    return Outcome(results=tuple(results), interrupted=tools.stopping())


def _by_endpoint(steps: Iterable[Step]) -> list[list[Step]]:
    ordered = sorted(steps, key=lambda step: step.ref.endpoint)
    return [list(group) for _, group in groupby(ordered, key=lambda step: step.ref.endpoint)]


def _side_by_side(items: Sequence[Item], work: Callable[[Item], list[StepResult]]) -> list[StepResult]:
    if len(items) < 2:
        return [result for item in items for result in work(item)]
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return [result for results in pool.map(work, items) for result in results]


def _skipped(steps: Iterable[Step]) -> list[StepResult]:
    return [StepResult(step=step, result=Result.SKIPPED) for step in steps]


def _endpoint(steps: Sequence[Step], tools: Tools) -> list[StepResult]:
    """The phases of one endpoint in order, until one fails or the user interrupts."""
    results: list[StepResult] = []
    for phase, group in groupby(sorted(steps, key=phase_of), key=phase_of):
        if tools.stopping() or any(item.result is not Result.APPLIED for item in results):
            results += _skipped(group)
        else:
            results += _phase(phase, list(group), tools)
    return results


def _phase(phase: Phase, steps: Sequence[Step], tools: Tools) -> list[StepResult]:
    match phase:
        case Phase.TRAFFIC:
            return _traffic(steps, tools)
        case Phase.SMOKE_TESTS:
            return _tests(steps, tools)
        case Phase.ASSETS | Phase.ENDPOINT | Phase.DEPLOYMENTS:
            return _side_by_side(steps, lambda step: [_result_of(step, tools)])
        case Phase.DELETES_OF_DEPLOYMENTS | Phase.DELETES_OF_ENDPOINTS:
            return _side_by_side(steps, lambda step: [_result_of(step, tools)])
    assert_never(phase)


def _result_of(step: Step, tools: Tools, work: Callable[[Step, Tools], str] = carry_out) -> StepResult:
    """Carry out a step; return its result and report it to the watcher."""
    if tools.stopping():
        return StepResult(step=step, result=Result.SKIPPED)
    started = tools.now()
    tools.watcher.step_started(step)
    try:
        note = work(step, tools)
        result = StepResult(step=step, result=Result.APPLIED, seconds=tools.now() - started, note=note)
    except Exception as error:
        result = StepResult(
            step=step, result=Result.FAILED, seconds=tools.now() - started, error=as_deployer_error(error)
        )
    tools.watcher.step_ended(result)
    return result


def _tests(steps: Sequence[Step], tools: Tools) -> list[StepResult]:
    """Run smoke tests. If a deployment with traffic fails, its share moves to healthy deployments, if any."""
    results = _side_by_side(steps, lambda step: [_result_of(step, tools, _smoke)])
    failing = frozenset(item.step.ref.name for item in results if _answered_wrongly(item))
    endpoint = steps[0].ref.endpoint
    return [*results, *(undo(endpoint, lambda: move_to_healthy(endpoint, failing, tools), tools) if failing else ())]


def _answered_wrongly(item: StepResult) -> bool:
    """Whether a deployment gave a wrong answer; an unreachable one may be healthy."""
    return isinstance(item.error, WorkspaceError) and item.error.code == WRONG_ANSWER


def _smoke(step: Step, tools: Tools) -> str:
    if step.test is None:
        raise ValueError(f"{step.ref} has nothing to test")
    if problem := health_problem(tools.workspace.read(step.ref)):
        raise WorkspaceError(f"{step.ref} {problem}", hint="Run `deployer plan` to see what is needed now.")
    seen = ask_until_settled(step.ref, step.test, tools)
    if seen.problem:
        raise WorkspaceError(
            f"the smoke test of {step.ref} failed: it {seen.problem}",
            hint=f"It got no traffic from this apply. Run `deployer logs {step.ref.name}` for its logs.",
            code=WRONG_ANSWER,
        )
    return f"answered in {seen.milliseconds:.0f} ms"


def _traffic(steps: Sequence[Step], tools: Tools) -> list[StepResult]:
    """Run the traffic steps of one endpoint in sequence. If one fails, the split before the rollout is restored."""
    results: list[StepResult] = []
    for number, step in enumerate(steps):
        last = _result_of(step, tools, _move)
        results.append(last)
        if last.result is not Result.APPLIED:
            results += _skipped(steps[number + 1 :])
            if _may_be_undone(last):
                results += undo(step.ref.endpoint, partial(put_back, steps, step, tools), tools)
            break
    return results


def _may_be_undone(item: StepResult) -> bool:
    """True for a failed step, unless it was refused as stale or interrupted: the next apply then continues."""
    return item.result is Result.FAILED and not isinstance(item.error, Refused | Interrupted)


def _move(step: Step, tools: Tools) -> str:
    note = carry_out(step, tools)
    return bake(step, tools) or note
