"""The verdict on the probes of a bake: smoke tests that are sent again and again after a traffic step. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployer.core.intent import Checks
from deployer.core.judgement import Verdict
from deployer.core.statistics import percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One probe: milliseconds to the last byte, its problem ("" if it passed), and its status, 0 if there is none."""

    milliseconds: float
    problem: str = ""
    status: int = 200

    @property
    def answered(self) -> bool:
        """Whether there was an answer at all."""
        return self.status > 0


def judge(observations: Sequence[Observation], checks: Checks) -> tuple[Verdict, str]:
    """The verdict on a bake, and its reason in one sentence."""
    count = len(observations)
    problems = [seen.problem for seen in observations if seen.problem]
    if count and checks.max_error_rate is not None and len(problems) / count > checks.max_error_rate:
        rate = f"{len(problems) / count:.1%} of {count} probes failed; at most {checks.max_error_rate:.1%} may fail"
        return Verdict.FAILED, f"{rate}; the last one: {problems[-1]}"
    if checks.smoke and checks.max_error_rate is None and problems:
        return Verdict.FAILED, problems[-1]
    p95 = percentile(sorted(seen.milliseconds for seen in observations), 95) if observations else 0.0
    if checks.max_p95_ms is not None and p95 > checks.max_p95_ms:
        return Verdict.FAILED, f"the 95th percentile was {p95:.0f} ms; at most {checks.max_p95_ms:.0f} ms is allowed"
    if count < checks.min_requests:
        return Verdict.INCONCLUSIVE, f"only {count} probes were answered; at least {checks.min_requests} are required"
    return Verdict.PASSED, f"{count} probes, {len(problems)} failed"
