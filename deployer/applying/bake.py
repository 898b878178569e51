"""Bake: wait after a traffic step, probe the deployments with an increased share, and watch what customers get."""

from __future__ import annotations

from typing import assert_never

from deployer.applying.smoke import ask
from deployer.applying.tools import Tools, wait_for
from deployer.applying.watch import Seen, watch
from deployer.core.errors import WorkspaceError, WrongAnswer
from deployer.core.intent import Checks
from deployer.core.judgement import Verdict
from deployer.core.plan import Bake, Step
from deployer.planning.gates import Own
from deployer.planning.probes import Observation, judge

BAKING = "the traffic step was baking"


def bake(step: Step, tools: Tools, rollout: Seen | None = None) -> str:
    """Wait, probe the deployments with an increased share meanwhile, and judge what customers got; verdicts as text.

    `rollout` is what its earlier stages have seen, and gets what this one sees. Raises WorkspaceError if the checks or
    the gates do not pass, Interrupted if the user interrupts.
    """
    if step.bake is None:
        return ""
    began, watching, seen = tools.wall(), step.bake.watching, rollout or Seen()
    words = _probed(step, step.bake, seen, tools)
    return f"{words}; {watch(step, watching, began, seen, tools)}" if watching else words


def _probed(step: Step, plan: Bake, rollout: Seen, tools: Tools) -> str:
    if not plan.probes:
        wait_for(plan.seconds, tools, BAKING)
        return "baked without probes"
    return "; ".join(_verdicts(step, plan, rollout, tools))


def _verdicts(step: Step, plan: Bake, rollout: Seen, tools: Tools) -> list[str]:
    """One sentence for each probed deployment; all are probed in the same rounds."""
    seen: dict[str, list[Observation]] = {str(ref): [] for ref, _ in plan.probes}
    rounds = max(1, plan.checks.min_requests)
    for number in range(rounds):
        for ref, test in plan.probes:
            at = tools.wall()
            probe = ask(ref, test, tools)
            seen[str(ref)].append(probe)
            rollout.own.append(Own(at=at, deployment=ref.name, status=probe.status))
            _stop_early(seen, plan)
        tools.watcher.probing(step, number + 1, rounds)
        wait_for(plan.seconds / rounds, tools, BAKING)
    return [_accepted(name, observations, plan.checks) for name, observations in seen.items()]


def _stop_early(seen: dict[str, list[Observation]], plan: Bake) -> None:
    """Raise as soon as a deployment can no longer pass, so that it loses its traffic early."""
    allowed = (plan.checks.max_error_rate or 0.0) * max(1, plan.checks.min_requests)
    for name, observations in seen.items():
        problems = [item for item in observations if item.problem]
        if plan.checks.smoke and len(problems) > allowed:
            reason = f"{len(problems)} of {len(observations)} probes failed; the last one: {problems[-1].problem}"
            raise _failed(name, reason, any(item.answered for item in problems))


def _accepted(name: str, observations: list[Observation], checks: Checks) -> str:
    verdict, reason = judge(observations, checks)
    match verdict:
        case Verdict.PASSED:
            return f"{name}: {reason}"
        case Verdict.FAILED:
            raise _failed(name, f"{verdict}: {reason}", any(item.answered for item in observations))
        case Verdict.INCONCLUSIVE:
            raise _failed(name, f"{verdict}: {reason}", answered=False)
    assert_never(verdict)


def _failed(name: str, reason: str, answered: bool) -> WorkspaceError:
    """The error of checks that did not pass; a verdict on the deployment only if it answered."""
    message = f"the checks on {name} did not pass: {reason}"
    if not answered:
        return WorkspaceError(message, code="RolloutCheckInconclusive")
    return WrongAnswer(message, deployment=name.rpartition("/")[2], code="RolloutCheckFailed")
