"""Run the smoke test of a deployment and judge its answer."""

from __future__ import annotations

import json

from deployer.applying.expectation import difference
from deployer.applying.step import health_problem
from deployer.applying.tools import Tools, Unlike, wait_for
from deployer.core.errors import Refused, Unreachable, WorkspaceError, WrongAnswer
from deployer.core.intent import Anything, SmokeTest
from deployer.core.plan import Step
from deployer.core.resources import Ref
from deployer.core.workspace import Answer
from deployer.planning.probes import Observation
from deployer.planning.verdicts import content_hash, same_content

NOT_YET = frozenset({404, 429, 502, 503})
"""Statuses that a new deployment may briefly return: routes and probes settle after the operation."""

SETTLING_SECONDS = 30.0


def smoke(step: Step, tools: Tools) -> str:
    """Carry out a TEST step; the note says how long the answer took.

    Raises WrongAnswer if the answer is not as expected, Refused if the deployment is no longer the one to test, and
    WorkspaceError if it cannot be asked.
    """
    if step.test is None:
        raise ValueError(f"{step.ref} has nothing to test")
    current = tools.workspace.read(step.ref)
    if problem := health_problem(current):
        raise WorkspaceError(f"{step.ref} {problem}", hint="Run `deployer plan` to see what is needed now.")
    if current and step.verdict and not same_content(step.verdict, content_hash(current, step.ignore)):
        raise Refused(
            f"{step.ref} has changed since it was planned; it was not tested",
            hint="Run `deployer plan` to see what is needed now.",
        )
    seen = ask_until_settled(step.ref, step.test, tools)
    if seen.problem:
        traffic = "It has live traffic." if step.serving else "It got no traffic from this apply."
        raise WrongAnswer(
            f"the smoke test of {step.ref} failed: it {seen.problem}",
            deployment=step.ref.name,
            code="SmokeTestFailed",
            hint=f"{traffic} Run `deployer logs {step.ref.name}` for its logs.",
        )
    return f"answered in {seen.milliseconds:.0f} ms"


def ask(ref: Ref, test: SmokeTest, tools: Tools) -> Observation:
    """Run one smoke test; the observation's problem is one sentence, empty if the answer is as expected."""
    try:
        answer = _sent(ref, test, tools)
    except Unreachable as error:
        return Observation(milliseconds=0.0, problem=error.message, status=0)
    return _observed(answer, test, tools)


def ask_until_settled(ref: Ref, test: SmokeTest, tools: Tools) -> Observation:
    """Run a smoke test, with retries while a new deployment settles, but not after a wrong answer.

    Raises Unreachable if there was no response at all, which proves nothing about the deployment, and Interrupted.
    """
    deadline, wait = tools.now() + SETTLING_SECONDS, 0.5
    while True:
        try:
            answer = _sent(ref, test, tools)
            if answer.status not in NOT_YET or answer.status == test.status or tools.now() >= deadline:
                return _observed(answer, test, tools)
        except Unreachable:
            if tools.now() >= deadline:
                raise
        wait_for(wait, tools, f"waiting for {ref} to settle")
        wait = min(wait * 2, 5.0)


def _observed(answer: Answer, test: SmokeTest, tools: Tools) -> Observation:
    problem = problem_of(answer, test, tools.unlike)
    return Observation(milliseconds=answer.milliseconds, problem=problem, status=answer.status)


def _sent(ref: Ref, test: SmokeTest, tools: Tools) -> Answer:
    return tools.workspace.score(ref.endpoint, tools.body(test), deployment=ref.name, headers=test.sent_headers)


def problem_of(answer: Answer, test: SmokeTest, unlike: Unlike) -> str:
    """The problem with an answer to a smoke test, in one sentence; empty if there is none."""
    if answer.status != test.status:
        return f"answered {answer.status} instead of {test.status}: {_excerpt(answer.body)}"
    if wrong := _wrong_json(answer.body, test, unlike):
        return wrong
    if test.contains not in answer.body.decode("utf-8", errors="replace"):
        return f"answered {_excerpt(answer.body)}, which does not contain {json.dumps(test.contains)}"
    if test.max_ms is not None and answer.milliseconds > test.max_ms:
        return f"took {answer.milliseconds:.0f} ms; at most {test.max_ms} ms is allowed"
    return ""


def _wrong_json(body: bytes, test: SmokeTest, unlike: Unlike) -> str:
    if isinstance(test.json, Anything) and isinstance(test.subset, Anything) and not test.schema:
        return ""
    try:
        value = json.loads(body)
    except ValueError:
        return f"answered something that is not JSON: {_excerpt(body)}"
    if not isinstance(test.json, Anything) and difference(value, test.json, tolerance=test.tolerance):
        return f"answered {_excerpt(body)} instead of {json.dumps(test.json)}"
    if not isinstance(test.subset, Anything) and (
        wrong := difference(value, test.subset, tolerance=test.tolerance, part=True)
    ):
        return f"answered {_excerpt(body)}, with {wrong}"
    if test.schema and (wrong := unlike(value, test.schema)):
        return f"answered {_excerpt(body)}, which does not match the schema: {wrong}"
    return ""


def _excerpt(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", errors="replace").split())
    return text[:200] + ("…" if len(text) > 200 else "") if text else "an empty body"
