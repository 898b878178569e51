"""plan, apply, drift: what reads, shows and carries out plans."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from deployer.applying.payload import smoke_body
from deployer.applying.step import Tools
from deployer.authoring import load_env, uploaded_files
from deployer.commands.console import NO_TERMINAL, Console, stoppable
from deployer.core.errors import Refused, UsageError, WorkspaceError
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.core.resources import Kind, endpoint_ref, share_map
from deployer.pipeline import Planned, Request, carry_through, make_planned
from deployer.planning.rollout import failed_towards
from deployer.report.json_output import SavedPlan, differences, outcome_json, plan_json, read_saved_plan
from deployer.report.markdown import plan_comment
from deployer.report.outcome_view import outcome_view
from deployer.report.plan_view import PlanView, plan_view
from deployer.report.progress import Progress
from deployer.report.terminal import outcome_text, plan_text

PENDING = 2
"""The exit code that says changes are pending (`plan --detailed-exitcode`, `drift`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How a plan is shown: text, markdown or json; `out` also saves it for `apply PLAN`."""

    format: str = "text"
    out: Path | None = None
    detailed_exitcode: bool = False


def plan(request: Request, showing: Showing, console: Console) -> int:
    """Show what apply would do; nothing is written to the workspace."""
    planned = make_planned(request)
    console.secrets = planned.desired.secrets
    view = _view(planned, request.project)
    console.out(_shown(view, showing.format, console))
    if showing.out:
        showing.out.write_text(plan_json(view), encoding="utf-8")
        console.err(f"Saved to {showing.out}; `deployer apply {showing.out}` applies exactly this.")
    if planned.plan.blockers:
        return Refused.exit_code
    return PENDING if showing.detailed_exitcode and not planned.plan.is_empty else 0


def _view(planned: Planned, project: Path) -> PlanView:
    return plan_view(planned.plan, secrets=planned.desired.secrets, files=_files(planned, project))


def _files(planned: Planned, project: Path) -> dict[str, Mapping[str, int]]:
    """What counts of every local folder the plan would upload: file -> bytes."""
    after = [step.after for step in planned.plan.steps if step.after]
    folders = {source for resource in after for source in resource.sources.values()}
    return {source: uploaded_files(project / source) for source in sorted(folders)}


def _shown(view: PlanView, wanted: str, console: Console) -> str:
    match wanted:
        case "json":
            return plan_json(view)
        case "markdown":
            return plan_comment(view)
        case _:
            return plan_text(view, color=console.color)


def apply(request: Request, saved: Path | None, yes: bool, console: Console, *, as_json: bool = False) -> int:
    """Plan, show, ask where that is due, and carry the plan out; as JSON, stdout holds the outcome alone."""
    reviewed = read_saved_plan(_text(saved), name=str(saved)) if saved else None
    request = replace(request, env=reviewed.env, options=reviewed.options) if reviewed else request
    if not (yes or reviewed or console.has_terminal or load_env(request.project, request.env).workspace is None):
        raise UsageError(NO_TERMINAL, hint="Say --yes, or apply a saved plan: `deployer apply plan.json`.")
    planned = make_planned(request, waiting=lambda ref: console.err(f"Somebody is changing {ref}; waiting …"))
    console.secrets = planned.desired.secrets
    view = _view(planned, request.project)
    (console.err if as_json else console.out)(plan_text(view, color=console.color))
    if reviewed:
        _check_same(reviewed, view)
    if planned.plan.is_empty and not planned.plan.blockers:
        console.out(outcome_json(outcome_view(Outcome())) if as_json else "")
        return 0
    agreed = yes or reviewed is not None or planned.desired.env.workspace is None or bool(planned.plan.blockers)
    if not agreed and not console.typed(f"Apply these changes to env {request.env}? Only 'yes' is accepted:", "yes"):
        console.err("Nothing was applied.")
        return 1
    return run(planned, request, console, as_json=as_json)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _check_same(reviewed: SavedPlan, view: PlanView) -> None:
    """Refuse a saved plan that is not what would be done now."""
    if moved := differences(reviewed, view):
        raise Refused(
            "the saved plan is stale: " + " ".join(moved), hint="Plan again, have it reviewed, and apply that one."
        )


def run(planned: Planned, request: Request, console: Console, *, as_json: bool = False) -> int:
    """Carry a plan out with live progress, and tell what came of it."""
    with stoppable() as pause, Progress(sys.stderr, terminal=sys.stderr.isatty(), secrets=console.secrets) as watcher:
        outcome = carry_through(planned.plan, _tools(planned, request.project, pause, watcher))
    told = outcome_view(
        outcome, secrets=console.secrets, uris=_uris(planned, outcome), next_command=_next(outcome, planned, request)
    )
    console.out(outcome_json(told) if as_json else outcome_text(told, color=console.color))
    return outcome.exit_code


def _tools(planned: Planned, project: Path, pause: Callable[[float], bool], watcher: Progress) -> Tools:
    return Tools(
        workspace=planned.workspace,
        body=partial(smoke_body, project),
        watcher=watcher,
        now=time.monotonic,
        pause=pause,
        stopping=partial(pause, 0),
    )


def _uris(planned: Planned, outcome: Outcome) -> dict[str, str]:
    """Where the endpoints that were written to answer now. A workspace in trouble is not asked: the outcome counts."""
    touched = sorted({step.ref.endpoint for step in planned.plan.steps if step.ref.endpoint}) if outcome.ok else []
    found: dict[str, str] = {}
    for name in touched:
        with suppress(WorkspaceError):
            live = planned.workspace.read(endpoint_ref(name))
            found |= {name: live.seen.scoring_uri} if live else {}
    return found


def _next(outcome: Outcome, planned: Planned, request: Request) -> str:
    """The command to type now."""
    where = "" if request.env == "local" else f" --env {request.env}"
    if not outcome.ok:
        return f"deployer plan{where}"
    tests = [test for test in planned.desired.intent.smoke_tests.values() if test.image or test.request]
    if not tests:
        return f"deployer status{where}"
    what = f"--image {tests[0].image}" if tests[0].image else f"--request {tests[0].request}"
    return f"deployer score{where} {what}"


def drift(request: Request, console: Console) -> int:
    """Say where live differs from the specs; exit 2 when it does."""
    planned = make_planned(request)
    console.secrets = planned.desired.secrets
    if planned.plan.is_empty:
        console.out("No drift: the workspace is as the specs say.")
        return 0
    for name in _failed_rollouts(planned.plan):
        console.out(f"The last rollout of endpoint {name} failed and was put back; `deployer apply` tries again.\n")
    console.out(plan_text(_view(planned, request.project), color=console.color))
    return PENDING


def _failed_rollouts(plan: Plan) -> list[str]:
    """Endpoints whose traffic differs because a rollout was put back, not because somebody changed it."""
    moves = [step for step in plan.steps if step.ref.kind is Kind.TRAFFIC and step.before]
    last = {step.ref.endpoint: step for step in moves}
    first = {step.ref.endpoint: step for step in reversed(moves)}
    return [
        name
        for name, step in first.items()
        if step.before and failed_towards(step.before.seen.bookkeeping.rollout, share_map(last[name].after, "traffic"))
    ]
