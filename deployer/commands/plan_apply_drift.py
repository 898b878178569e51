"""plan, apply and drift: make, show and carry out plans."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, assert_never

from deployer import pipeline
from deployer.applying.consent import before_apply
from deployer.applying.tools import Watcher
from deployer.authoring import load_env
from deployer.commands.console import Console, stoppable
from deployer.commands.files import check_writable, read_whole, write_whole
from deployer.commands.hints import as_typed
from deployer.commands.progress import Progress
from deployer.commands.progress_lines import ProgressLines
from deployer.commands.reviewing import failures_shown, review_of
from deployer.core.errors import Refused
from deployer.core.outcome import UNDER_WAY, Outcome
from deployer.pipeline import Planned
from deployer.planning.differences import differences as differences_of
from deployer.planning.differences import unproven
from deployer.planning.rollout import failed_rollouts
from deployer.report.drift_view import DriftView, drift_json, drift_markdown, drift_text, drift_view
from deployer.report.json_output import SavedPlan, differences, outcome_json, plan_json, read_saved_plan, was_applied
from deployer.report.live_secrets import live_secrets
from deployer.report.markdown import plan_comment
from deployer.report.outcome_view import outcome_view
from deployer.report.plan_view import PlanView, plan_view
from deployer.report.review_html import page
from deployer.report.review_view import ReviewView
from deployer.report.terminal import outcome_text, plan_text
from deployer.workspaces import Request

PENDING = 2
"""The exit code for pending changes (`plan --detailed-exitcode`, `drift`)."""

PlanFormat = Literal["text", "markdown", "html", "json"]
DriftFormat = Literal["text", "markdown", "json"]
OutcomeFormat = Literal["text", "json", "lines"]
"""How to print an outcome: as text, as JSON, or after a line of JSON for each event as one more."""
_Render = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How to show a plan; `out` also saves it for `apply PLAN`."""

    format: PlanFormat
    out: Path | None
    detailed_exitcode: bool


def plan(request: Request, showing: Showing, console: Console) -> int:
    """Show what apply would do, without writing to the workspace."""
    if showing.out:
        check_writable(showing.out)
    with failures_shown(request, showing.format, console):
        planned = pipeline.plan(request, console)
        review = review_of(planned, console) if showing.format in ("markdown", "html") else ReviewView()
    view = _view(planned, console)
    shown = _plan_as(showing.format, view, review, color=console.color)
    (console.out if showing.format == "json" else console.tell)(shown)
    if showing.out:
        write_whole(showing.out, plan_json(view))
        console.err(f"Saved to {showing.out}; `deployer apply {showing.out}` applies exactly this plan.")
    if planned.plan.blockers:
        return Refused.exit_code
    return PENDING if showing.detailed_exitcode and not planned.plan.is_settled else 0


def _plan_as(shape: PlanFormat, view: PlanView, review: ReviewView, *, color: bool) -> str:
    match shape:
        case "text":
            return plan_text(view, color=color)
        case "markdown":
            return plan_comment(view, review)
        case "html":
            return page(plan_comment(view, review), title=f"Plan for {view.env}")
        case "json":
            return plan_json(view)
        case _:
            assert_never(shape)


def _view(planned: Planned, console: Console) -> PlanView:
    console.keep_secret(live_secrets(planned.plan))
    return plan_view(planned.plan, secrets=planned.desired.secrets, files=pipeline.uploads(planned))


def _shown(wanted: DriftFormat, *, text: _Render, markdown: _Render, json: _Render) -> str:
    match wanted:
        case "json":
            return json()
        case "markdown":
            return markdown()
        case "text":
            return text()
        case _:
            assert_never(wanted)


def show(planned: Planned, console: Console, shape: OutcomeFormat) -> None:
    """Print a plan as text; beside the result where that is JSON."""
    (console.tell if shape == "text" else console.err)(plan_text(_view(planned, console), color=console.color))


def nothing(words: str, console: Console, shape: OutcomeFormat) -> int:
    """The exit code, and the outcome, of a command that had nothing to do."""
    console.out(words if shape == "text" else outcome_json(outcome_view(Outcome()), indent=_indent(shape)))
    return 0


def _indent(shape: OutcomeFormat) -> int | None:
    return None if shape == "lines" else 2


def apply(
    request: Request,
    saved: Path | None,
    yes: bool,
    console: Console,
    shape: OutcomeFormat,
    minutes: float | None = None,
) -> int:
    """Make a plan, show it, ask for confirmation and carry it out; as JSON, stdout contains nothing else.

    No step begins after so many `minutes` of carrying it out.
    """
    reviewed = read_saved_plan(read_whole(saved), name=str(saved)) if saved else None
    request = replace(request, env=reviewed.env, options=reviewed.options) if reviewed else request
    console.at(env=request.env, project=request.project, endpoint=request.options.endpoint)
    question = partial(before_apply, env=request.env, yes=yes, reviewed=reviewed is not None)
    console.check_can_ask(question(local=load_env(request.project, request.env).workspace is None))
    planned = pipeline.plan(request, console, wait=True)
    view = _view(planned, console)
    (console.tell if shape == "text" else console.err)(plan_text(view, color=console.color))
    if reviewed and was_applied(reviewed, view):
        console.err("This plan was applied already: the workspace matches it.")
    elif reviewed:
        _check_same(reviewed, view)
    if planned.plan.is_empty and not planned.plan.blockers:
        return nothing("", console, shape)
    pipeline.refuse_blocked(planned)
    if not console.agrees(question(local=planned.is_local)):
        console.err("Nothing was applied.")
        return 1
    return carry_out(planned, console, shape, minutes=minutes)


def _check_same(reviewed: SavedPlan, view: PlanView) -> None:
    """Raise Refused if the saved plan differs from the current one."""
    if moved := differences(reviewed, view):
        raise Refused(
            "the saved plan is stale: " + " ".join(moved), hint="Make a new plan, have it reviewed, and apply it."
        )


def carry_out(planned: Planned, console: Console, shape: OutcomeFormat, *, minutes: float | None = None) -> int:
    """Carry out a plan with live progress, and report the outcome."""
    with stoppable() as pause, _progress(planned, console, shape) as watcher:
        outcome = pipeline.apply(planned, watcher=watcher, pause=pause, minutes=minutes or math.inf)
    view = outcome_view(
        outcome,
        secrets=console.secrets,
        uris=pipeline.scoring_uris(planned, outcome),
        next_command=as_typed(_next_command(outcome, planned), console.context),
    )
    if shape == "text":
        console.tell(outcome_text(view, color=console.color, told=not console.is_live))
    else:
        console.out(outcome_json(view, indent=_indent(shape)))
    return outcome.exit_code


def _progress(planned: Planned, console: Console, shape: OutcomeFormat) -> AbstractContextManager[Watcher]:
    if shape == "lines":
        return nullcontext(ProgressLines(console.out, secrets=console.secrets))
    return Progress(sys.stderr, terminal=console.is_live, secrets=console.secrets, on_azure=not planned.is_local)


def _next_command(outcome: Outcome, planned: Planned) -> str:
    """The suggested next command, from the blank after `deployer` on."""
    if not outcome.ok:
        return " apply" if outcome.exit_code == UNDER_WAY else " plan"
    tests = [test for test in planned.desired.intent.smoke_tests.values() if test.image or test.request]
    if not tests:
        return " status"
    what = f"--image {tests[0].image}" if tests[0].image else f"--request {tests[0].request}"
    return f" score {what}"


def drift(request: Request, shape: DriftFormat, console: Console) -> int:
    """Show where the live state differs from the specs; exit 2 if it does, 3 if apply would be refused."""
    planned = pipeline.plan(request, console)
    view = _drift(planned, console)
    text = partial(drift_text, view, color=console.color)
    shown = _shown(shape, text=text, markdown=partial(drift_markdown, view), json=partial(drift_json, view))
    (console.out if shape == "json" else console.tell)(shown)
    if planned.plan.blockers:
        return Refused.exit_code
    return 0 if view.is_clean else PENDING


def _drift(planned: Planned, console: Console) -> DriftView:
    facts = replace(planned, plan=differences_of(planned.plan))
    again = "failed and was undone; `deployer apply` tries it again."
    notes = tuple(f"The last rollout of endpoint {name} {again}" for name in failed_rollouts(planned.plan))
    where = planned.desired.env.workspace
    workspace = f"workspace {where.name} in {where.resource_group}" if where else "local workspace"
    owed = unproven(planned.plan, planned.live, planned.desired.intent)
    return drift_view(_view(facts, console), owed, workspace=workspace, notes=notes, held=planned.plan.held)
