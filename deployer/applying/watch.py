"""Watch: judge a stage of a rollout by what customers got, as the workspace measured it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from deployer.applying.tools import Tools, wait_for
from deployer.core.errors import WorkspaceError, WrongAnswer
from deployer.core.intent import OnInconclusive
from deployer.core.judgement import Judged, Verdict, together
from deployer.core.metrics import Measured, Span
from deployer.core.plan import Step, Watching
from deployer.planning.gates import Own, Window, judged, sentence, window_of

WATCHING = "the requests of customers were watched"
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class Seen:
    """What the stages of one rollout have seen so far.

    `own` are the requests that the probes sent, `earlier` the last judged window of the deployment to compare with,
    `rows` the verdicts of the gates of the last stage.
    """

    own: list[Own] = field(default_factory=list)
    earlier: Window | None = None
    rows: tuple[Judged, ...] = ()


def first_grain(began: float, grain: float) -> float:
    """The start of the first grain to judge: the first grain of a stage, and one that it begins in, are left out."""
    return math.ceil((began + grain) / grain) * grain


def watch(step: Step, watching: Watching, began: float, seen: Seen, tools: Tools) -> str:
    """Wait until enough was measured and judge it; the verdicts as text. `began` is in seconds since 1970.

    Raises WrongAnswer if a gate failed, WorkspaceError if nothing was decided in time and that is to be put back, and
    Interrupted if the user interrupts.
    """
    terms = watching.watch
    start = first_grain(began, terms.grain)
    end = max(start + _whole(terms.window, terms.grain), _grain_before(tools.wall(), terms.grain))
    while True:
        ended = tools.wall() >= end + terms.settle
        span = Span(start=start, end=min(end, _grain_before(tools.wall(), terms.grain)), grain=terms.grain)
        of = None if ended else round((end - start) / terms.grain)
        seen.rows, problem = _look(step, watching, span, seen, tools, of=of)
        verdict = Verdict.INCONCLUSIVE if problem else together(seen.rows)
        if verdict is Verdict.FAILED:
            raise _failed(seen.rows)
        if ended and verdict is Verdict.PASSED:
            return "the gates passed"
        if ended and not (_waits(watching) and tools.wall() < began + terms.limit):
            return _undecided(watching, problem or _words(seen.rows))
        if ended:
            end += terms.grain
        left = max(0.0, end + terms.settle - tools.wall())
        tools.watcher.watching(step, problem or _progress(seen.rows), left)
        wait_for(min(max(terms.grain, 1.0), LONGEST_PAUSE, left or terms.grain), tools, WATCHING)


def _whole(seconds: float, grain: float) -> float:
    return max(1, math.ceil(seconds / grain)) * grain


def _grain_before(now: float, grain: float) -> float:
    return math.floor(now / grain) * grain


def _look(
    step: Step, watching: Watching, span: Span, seen: Seen, tools: Tools, *, of: int | None
) -> tuple[tuple[Judged, ...], str]:
    """The verdicts on what has been measured until now, and why it could not be read, "" if it could.

    `of` is how many grains the window will have, None if it is over.
    """
    if span.grains < 1:
        return (), "nothing is measured yet"
    try:
        measured = tools.workspace.measured(step.ref.endpoint, span)
    except WorkspaceError as error:
        return (), f"the metrics could not be read: {error.message}"
    beside = _beside(watching, span, measured, seen)
    windows = {name: window_of(name, span, measured.get(name, ()), seen.own) for name in watching.rising}
    rows = [row for name, window in windows.items() for row in judged(name, watching, window, beside, of=of)]
    if of is None and beside is not None:
        seen.earlier = beside
    return tuple(rows), ""


def _beside(watching: Watching, span: Span, measured: Measured, seen: Seen) -> Window | None:
    """What customers got from the earlier deployment: in these minutes, else in its last judged window."""
    name = watching.beside
    now = window_of(name, span, measured.get(name, ()), seen.own) if watching.beside_serves else None
    if now is not None and now.requests >= watching.watch.min_requests:
        return now
    return seen.earlier or now


def _waits(watching: Watching) -> bool:
    return watching.watch.on_inconclusive is OnInconclusive.WAIT


def _undecided(watching: Watching, reason: str) -> str:
    """What an undecided stage says if the rollout continues. Raises WorkspaceError if it is put back."""
    if watching.watch.on_inconclusive is OnInconclusive.CONTINUE:
        return f"inconclusive, and continued as declared: {reason}"
    raise WorkspaceError(
        f"the gates of the rollout decided nothing: {reason}",
        code="RolloutGateInconclusive",
        hint="The next `deployer apply` tries again; x-rollout.watch says how many requests it needs, and how long.",
    )


def _failed(rows: Sequence[Judged]) -> WrongAnswer:
    wrong = [row for row in rows if row.verdict is Verdict.FAILED]
    return WrongAnswer(
        f"the gates of the rollout did not pass: {_words(wrong)}",
        deployment=wrong[0].deployment,
        code="RolloutGateFailed",
        hint=f"Run `deployer logs {wrong[0].deployment}` for its logs.",
    )


def _words(rows: Sequence[Judged]) -> str:
    return "; ".join(map(sentence, rows))


def _progress(rows: Sequence[Judged]) -> str:
    """ "512 requests to green so far"."""
    counts = {row.deployment: row.requests for row in rows}
    return ", ".join(f"{number:,} requests to {name}" for name, number in counts.items()) + " so far"
