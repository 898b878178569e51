"""Plans, outcomes and diagnostics as versioned JSON (schemas/output/), and saved plans read back.

The minor version is raised for added keys, the major one for changed or removed keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from deployer.core.diagnostics import Examined
from deployer.core.errors import UsageError
from deployer.core.plan_options import Allow, Options
from deployer.core.redaction import mask_of
from deployer.report.diagnostics_text import errors, shown
from deployer.report.outcome_view import OutcomeView
from deployer.report.plan_view import PlanView

PLAN_VERSION = "1.3"
OUTCOME_VERSION = "1.1"
DIAGNOSTICS_VERSION = "1.1"


def plan_json(view: PlanView) -> str:
    """The plan as JSON (schemas/output/plan.schema.json); `read_saved_plan` reads it."""
    options = {**asdict(view.options), "allow": sorted(view.options.allow)}
    return _text({"format_version": PLAN_VERSION, "kind": "plan", **asdict(view), "options": options})


def outcome_json(view: OutcomeView, *, indent: int | None = 2) -> str:
    """The outcome as JSON (schemas/output/outcome.schema.json), on one line without an `indent`."""
    return _text({"format_version": OUTCOME_VERSION, "kind": "outcome", **asdict(view)}, indent)


def diagnostics_json(looked: Examined, *, secrets: frozenset[str] = frozenset()) -> str:
    """What was checked and the diagnostics by place as JSON (schemas/output/diagnostics.schema.json).

    Lines and columns count from 1.
    """
    diagnostics, mask = looked.diagnostics, mask_of(secrets)
    rows = [
        {
            "severity": item.severity.value,
            "code": item.code,
            "summary": item.summary,
            "detail": item.detail,
            "file": item.location.file,
            "line": item.location.line,
            "column": item.location.column,
            "path": item.path,
        }
        for item in shown(diagnostics, mask)
    ]
    files = {
        "checked": [mask.line(file) for file in looked.checked],
        "passed_over": [{"file": mask.line(item.file), "what": mask.line(item.what)} for item in looked.passed],
    }
    wrong = errors(diagnostics)
    counts = {"errors": wrong, "warnings": len(diagnostics) - wrong}
    head = {"format_version": DIAGNOSTICS_VERSION, "kind": "diagnostics", "ok": not wrong, "counts": counts}
    return _text({**head, **files, "diagnostics": rows})


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """The parts of a reviewed plan that `apply PLAN` needs: env, project, digests, steps in words, and options."""

    env: str
    project: str
    digest: str
    steps: tuple[str, ...]
    options: Options = field(default_factory=Options)
    goal: str = ""


def read_saved_plan(text: str, *, name: str = "the plan file") -> SavedPlan:
    """Read a plan from `plan --out`. Raises UsageError, in one sentence that starts with `name`, for anything else."""
    again = "Create one with `deployer plan --out FILE`."
    try:
        saved = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not a saved plan: it is not JSON.", hint=again) from error
    if not isinstance(saved, dict) or saved.get("kind") != "plan":
        raise UsageError(f"{name} is JSON, but not a saved plan.", hint=again)
    version = str(saved.get("format_version"))
    if version.split(".")[0] != PLAN_VERSION.split(".")[0]:
        problem = f"{name} has plan format {version}, but this deployer reads {PLAN_VERSION}."
        raise UsageError(problem, hint="Plan again with the same version of the deployer.")
    return _saved(saved, name, again)


def _saved(saved: Mapping[str, Any], name: str, hint: str) -> SavedPlan:
    try:
        env, project, digest = (_string(saved[key]) for key in ("env", "project", "digest"))
        steps = tuple(_step_words(step) for step in saved["steps"])
        options = _options(saved.get("options") or {})
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{name} is damaged: a part of the plan is missing.", hint=hint) from error
    if not digest:
        raise UsageError(f"{name} has no digest, so it cannot be compared with a new plan.", hint=hint)
    goal = _string(saved.get("goal", ""))
    return SavedPlan(env=env, project=project, digest=digest, steps=steps, options=options, goal=goal)


def _options(written: Mapping[str, Any]) -> Options:
    """The options of a saved plan; unknown ones, from a newer version, are ignored."""
    overrides = tuple(_string(word) for word in written.get("overrides", ()))
    allowed = {_string(word) for word in written.get("allow", ())}
    allow = frozenset(flag for flag in Allow if flag.value in allowed)
    endpoint, prune = _string(written.get("endpoint", "")), bool(written.get("prune"))
    outside = tuple(_string(folder) for folder in written.get("outside", ()))
    return Options(endpoint=endpoint, overrides=overrides, outside=outside, prune=prune, allow=allow)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _step_words(step: Mapping[str, Any]) -> str:
    """ "update deployment digits/blue (instance_count 1 -> 2)"."""
    changes = "; ".join(_change_words(row) for row in step["changes"])
    return _string(step["words"]) + (f" ({changes})" if changes else "")


def _change_words(row: Mapping[str, Any]) -> str:
    path, before, after = (_string(row[key]) for key in ("path", "before", "after"))
    return f"{path} {before} -> {after}" if before else f"{path} {after}"


def was_applied(saved: SavedPlan, view: PlanView) -> bool:
    """Whether a saved plan was carried out already: the specs ask for the same, and nothing is left to do."""
    return bool(saved.steps) and saved.goal != "" and saved.goal == view.goal and view.is_empty and not view.blockers


def differences(saved: SavedPlan, view: PlanView) -> list[str]:
    """The differences of a new plan from the saved one, one sentence each; [] if it is the same plan."""
    if saved.digest == view.digest and saved.env == view.env and saved.project == view.project:
        return []
    now = tuple(_step_words(asdict(step)) for step in view.steps)
    found = [f"The saved plan is for env {saved.env}, not {view.env}."] if saved.env != view.env else []
    if saved.project != view.project:
        found.append(f"The saved plan is for project {saved.project}, not {view.project}.")
    found += [f"No longer planned: {step}." for step in saved.steps if step not in now]
    found += [f"Not in the saved plan: {step}." for step in now if step not in saved.steps]
    if not found and now != saved.steps:
        found.append("The same steps are planned in a different order.")
    return found or ["The steps are the same, but the specs or the live state behind them have changed."]


def _text(document: Mapping[str, Any], indent: int | None = 2) -> str:
    return json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
