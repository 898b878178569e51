"""Walks `findings/*.case`: specs, what is live, and what the plan and its findings then say.

A case is one file, named by its code. Its first line says what it shows; the sections are:

`=== specs/…`    a spec, put over the base project of the diagnostics' cases
`=== live`       what is in the workspace, as YAML: `deployment cases/blue: {instance_count: 2, is: {state: Failed}}`.
                 Fields that are left out are at their default; `is` holds what only a workspace knows, by default
                 healthy and owned by the project of the specs; `unread: TEXT` is why autoscale settings were not read
`=== options`    flags of `deployer plan`; `destroy` for the plan of `deployer destroy`
`=== plan`       the steps, one a line
`=== findings`   `refused code: resource` or `advice code: resource`, and `at file:line` where the specs are to blame
`=== otherwise …` a section that takes the place of the one of that name: with all of them the finding of the case's
                 code is not there any more
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.authoring import load_project
from deployer.authoring.explain import FINDINGS, pages_in
from deployer.core.bookkeeping import Bookkeeping, Revision
from deployer.core.plan import Finding, Plan
from deployer.core.plan_options import Allow, Options
from deployer.core.resources import Kind, Observed, Ref, Resource, State
from deployer.pipeline import in_revisions, make_plan
from deployer.planning.pins import orphans
from deployer.planning.review import Purpose
from tests import build
from tests.cases.test_cases import BASE

CASES = sorted((Path(__file__).parent / "findings").glob("*.case"))
PROJECT = "cases"
ALLOW = {
    "--allow-outage": Allow.OUTAGE,
    "--allow-deletes": Allow.DELETES,
    "--adopt": Allow.ADOPT,
    "--again": Allow.AGAIN,
}
OUTSIDE = ("live", "options", "plan", "findings")


def sections(path: Path) -> dict[str, str]:
    """The sections of a case by their title; a spec's are as the file is to be."""
    parts = path.read_text(encoding="utf-8").split("\n=== ")[1:]
    return {title: f"{body}\n" for title, _, body in (part.partition("\n") for part in parts)}


def otherwise(case: Mapping[str, str]) -> dict[str, str]:
    """The sections with those that are to take another's place."""
    changed = {title.removeprefix("otherwise "): body for title, body in case.items() if title.startswith("otherwise ")}
    return {**case, **changed}


def live_state(text: str) -> State:
    """The resources of a `live` section."""
    found = yaml.safe_load(text) or {}
    unread = found.pop("unread", "")
    state = build.live(*(live_resource(name, fields or {}) for name, fields in found.items()))
    return replace(state, unread=unread)


def live_resource(name: str, fields: dict[str, Any]) -> Resource:
    kind, _, rest = name.partition(" ")
    endpoint, _, deployment = rest.partition("/")
    in_endpoint = Kind(kind) not in (Kind.MODEL, Kind.ENVIRONMENT)
    ref = Ref(kind=Kind(kind), endpoint=endpoint, name=deployment) if in_endpoint else Ref(kind=Kind(kind), name=rest)
    defaults = {"instance_type": "standard_ds3_v2"} if ref.kind is Kind.DEPLOYMENT else {}
    known = {"owner": PROJECT, **fields.pop("is", {})}
    item = build.seen(build.resource(ref, **{**defaults, **fields}))
    return replace(item, observed=observed(**known))


def observed(
    owner: str,
    state: str = "Succeeded",
    unknown: str = "",
    tested: Mapping[str, str] = {},
    failed: Mapping[str, str] = {},
    held: Mapping[str, str] = {},
    revision: str = "",
) -> Observed:
    logical, _, content = revision.partition(" ")
    noted = Revision(logical=logical, content=content) if content else None
    return Observed(
        owner=owner,
        provisioning_state=state,
        unknown=((unknown,),) if unknown else (),
        bookkeeping=Bookkeeping(tested=tested, failed=failed, held=held, revision=noted),
    )


def options(text: str) -> Options:
    flags = text.split()
    return Options(
        prune="--prune" in flags,
        allow=frozenset(allowed for flag, allowed in ALLOW.items() if flag in flags),
        outside=tuple(flags[flags.index("--allow-outside") + 1 :][:1]) if "--allow-outside" in flags else (),
    )


def planned(tmp_path: Path, case: Mapping[str, str]) -> Plan:
    specs = {title: body for title, body in case.items() if title not in OUTSIDE and " " not in title}
    for name, text in {**BASE, **specs}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    desired = load_project(tmp_path, "test")
    live, asked = live_state(case["live"]), options(case.get("options", ""))
    if "destroy" in case.get("options", ""):
        all_of_them = frozenset(item.ref for item in live.of_kind(Kind.ENDPOINT))
        nothing = replace(desired, state=State())
        return make_plan(nothing, live, deletes=all_of_them, options=asked, purpose=Purpose.DESTROY)
    desired, found = in_revisions(desired, live, asked.allow)
    left = orphans(desired.state, live, PROJECT, "", found.kept | found.surplus)
    deletes = frozenset(left) if asked.prune else frozenset[Ref]()
    return make_plan(desired, live, deletes=deletes, left=left, options=asked, revisions=found)


def lines(section: str) -> list[str]:
    return [line for line in section.split("\n") if line]


def line_of(finding: Finding) -> str:
    place = f" at {finding.origin.file}:{finding.origin.line}" if finding.origin else ""
    about = f": {finding.ref}" if finding.ref else ""
    return f"{'refused' if finding.blocking else 'advice'} {finding.code}{about}{place}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_plan_has_the_findings_it_should(path: Path, tmp_path: Path) -> None:
    case = sections(path)
    plan = planned(tmp_path, case)
    assert [f"{step.action} {step.ref}" for step in plan.steps] == lines(case["plan"])
    assert [line_of(finding) for finding in plan.findings] == lines(case["findings"])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_otherwise_it_has_not(path: Path, tmp_path: Path) -> None:
    case = otherwise(sections(path))
    assert case != sections(path)
    assert path.stem.partition(".")[0] not in {finding.code for finding in planned(tmp_path, case).findings}


def test_every_finding_has_a_case() -> None:
    assert set(pages_in(FINDINGS)) == {path.stem.partition(".")[0] for path in CASES}
