"""Record the verdicts of smoke tests and of rollout checks, so that they outlive this run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from deployer.applying.tools import Tools
from deployer.applying.undo import retry_until_deadline
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.errors import Busy, NotFound, WorkspaceError, WrongAnswer, as_deployer_error
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource, traffic_ref
from deployer.planning.rollout import awaits_judgement


def with_passed(moves: Sequence[Step], done: Sequence[StepResult]) -> list[Step]:
    """Traffic steps that also record the tests that allow them."""
    passed = _passed(done)
    return [
        replace(step, bookkeeping=replace(step.bookkeeping, tested=passed)) if step.bookkeeping else step
        for step in moves
    ]


def record(steps: Sequence[Step], results: Sequence[StepResult], tools: Tools) -> list[StepResult]:
    """Record what a run found out about the deployments of one endpoint; a result only if that fails."""
    failed, passed = _failed(steps, results), _passed(results)
    found = Bookkeeping(
        tested={name: mark for name, mark in passed.items() if failed.get(name) != mark},
        failed=failed,
        rollout=_judged_good(results),
    )
    hanging = any(isinstance(item.error, Busy) for item in results)  # the read below would wait for it once more
    if hanging or not (found.tested or found.failed or found.rollout):
        return []
    ref = traffic_ref(steps[0].ref.endpoint)
    try:
        retry_until_deadline(ref, partial(_write, ref, found, tools), tools)
    except Exception as error:
        problem = _not_recorded(as_deployer_error(error).message, found)
        return [StepResult(step=Step(action=Action.UPDATE, ref=ref), result=Result.FAILED, error=problem)]
    return []


def _write(ref: Ref, found: Bookkeeping, tools: Tools) -> None:
    """Write verdicts that are not recorded yet; everything else of the endpoint stays as it is now."""
    current = tools.workspace.read(ref)
    if current is None:
        raise NotFound(f"endpoint {ref.endpoint} no longer exists")
    known = current.seen.bookkeeping
    if _is_recorded(found, known):
        return
    rollout = "" if known.rollout == found.rollout else known.rollout
    noted = replace(known, tested=found.tested, failed=found.failed, rollout=rollout)
    after = Resource(ref=ref, fields={})
    tools.workspace.execute(Step(action=Action.UPDATE, ref=ref, before=current, after=after, bookkeeping=noted))


def _passed(results: Iterable[StepResult]) -> Mapping[str, str]:
    """The verdicts of passed tests, and of gates that passed until the end of a rollout, by deployment."""
    steps = [item.step for item in results if item.result is Result.APPLIED]
    tested = {step.ref.name: step.verdict for step in steps if step.action is Action.TEST}
    watched = [_watched(step) for step in steps if awaits_judgement(step)]
    return {name: mark for found in [tested, *watched] for name, mark in found.items() if mark}


def _watched(step: Step) -> Mapping[str, str]:
    """What the gates of a step decide on, by deployment."""
    return step.bake.watching.rising if step.bake and step.bake.watching else {}


def _judged_good(results: Iterable[StepResult]) -> str:
    """The mark of the rollout that is over with these results; "" if there is none."""
    ends = [item.step for item in results if item.result is Result.APPLIED and awaits_judgement(item.step)]
    return next((step.bookkeeping.rollout for step in ends if step.bookkeeping), "")


def _failed(steps: Sequence[Step], results: Iterable[StepResult]) -> Mapping[str, str]:
    """The verdicts that wrong answers contradict: those that the plan was to decide on, not those of an undo."""
    wrong = {item.error.deployment for item in results if isinstance(item.error, WrongAnswer)}
    decided = [*({step.ref.name: step.verdict} for step in steps), *map(_watched, steps)]
    return {name: mark for found in decided for name, mark in found.items() if mark and name in wrong}


def _is_recorded(found: Bookkeeping, there: Bookkeeping) -> bool:
    known = found.tested.items() <= there.tested.items() and found.failed.items() <= there.failed.items()
    return known and not (found.rollout and found.rollout == there.rollout)


def _not_recorded(reason: str, found: Bookkeeping) -> WorkspaceError:
    names = ", ".join(sorted({*found.tested, *found.failed}))
    return WorkspaceError(
        f"the results of the smoke tests of {names} could not be recorded: {reason}",
        hint="The next `deployer apply` runs these tests again.",
    )
