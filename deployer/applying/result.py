"""Carry out a step and report its result: errors become results here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from deployer.applying.tools import Tools
from deployer.core.errors import as_deployer_error
from deployer.core.judgement import Judged
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Step


def tried(
    step: Step,
    tools: Tools,
    work: Callable[[Step, Tools], str],
    judged: Callable[[], tuple[Judged, ...]] = tuple,
) -> StepResult:
    """The result of `work` on a step, which returns a note or raises; the watcher hears of both ends.

    `judged` tells afterwards what the gates of the step found.
    """
    started = tools.now()
    tools.watcher.step_started(step)
    try:
        note = work(step, tools)
        seconds = tools.now() - started
        result = StepResult(step=step, result=Result.APPLIED, seconds=seconds, note=note, judged=judged())
    except Exception as error:
        seconds, found = tools.now() - started, as_deployer_error(error)
        result = StepResult(step=step, result=Result.FAILED, seconds=seconds, error=found, judged=judged())
    tools.watcher.step_ended(result)
    return result
