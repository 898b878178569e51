"""Random projects, changed on both sides: the plan is the difference, writes are the plan, and nothing else moves.

`DEPLOYER_PROJECTS` says how many; `DEPLOYER_SEED` where they begin.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from tests.e2e.reconciler.project import Run
from tests.e2e.reconciler.random_project import BAD, EXPECTED, RandomProject
from tests.e2e.reconciler.site import Site

pytestmark = pytest.mark.xdist_group("reconciler-random")
COUNT = int(os.environ.get("DEPLOYER_PROJECTS", "300"))
SEED = int(os.environ.get("DEPLOYER_SEED", "0"))
ROUNDS = 3


def planned(run: Run) -> set[tuple[str, str]]:
    """(resource, path) of the changes in a plan, as `RandomProject.expected` has them."""
    found = set[tuple[str, str]]()
    for step in json.loads(run.text[run.text.index("{") : run.text.rindex("}") + 1])["steps"]:
        if step["kind"] in ("model", "environment") or step["verb"] == "smoke-test":
            continue
        name = step["name"] or step["kind"]
        paths = [change["path"] for change in step["changes"]]
        found |= {(name, "")} if step["verb"] == "create" else {(name, path) for path in paths}
    return found


def written(run: Run) -> set[str]:
    """The resources that a command wrote, but for what others and assets are."""
    found = set[str]()
    for request in run.requests:
        method, _, path = request.partition(" ")
        if method in ("PUT", "DELETE", "PATCH") and "/onlineEndpoints/" in path:
            endpoint, _, deployment = path.partition("/onlineEndpoints/")[2].partition("/deployments/")
            found.add(deployment or f"endpoint {endpoint}")
    return found


def read_only(run: Run) -> None:
    assert [request for request in run.requests if request.split()[0] in ("PUT", "DELETE", "PATCH")] == []


def first_apply(project: RandomProject) -> None:
    project.write_specs()
    run = project.deployer("apply")
    assert run.code == 0, run.text
    project.add_foreign()


def one_round(project: RandomProject) -> None:
    project.change_specs()
    spoiled = project.spoil() if project.random.random() < 0.25 else ""
    project.change_live()
    project.write_specs()
    differences, others = project.expected(), project.foreign()
    for command in ("plan", "drift"):
        read_only(project.deployer(command))
    plan = project.deployer("plan", "--format", "json")
    assert planned(plan) == differences, plan.text
    apply = project.deployer("apply")
    assert all(total == 100 for total in project.sums()), apply.text
    assert project.foreign() == others, apply.text
    if not spoiled:
        settled(project, apply, differences)
        return
    known_bad = "[test-failed]" in plan.text or '"test-failed"' in plan.text
    assert apply.code == (3 if known_bad else 1), apply.text
    answers = {project.site.score(project.name, project.site.key(project.name))[1] for _ in range(20)}
    served = {project.live()[name]["environment_variables.ANSWER"] for name in answers}
    assert BAD not in served, apply.text
    red = project.deployer("plan", "--detailed-exitcode")
    assert red.code == 3, red.text
    project.mend(spoiled)
    project.write_specs()
    differences = project.expected()
    again = project.deployer("apply", "--again")
    settled(project, again, differences)


def settled(project: RandomProject, apply: Run, differences: set[tuple[str, str]]) -> None:
    """Everything is as the specs say, by writes of what differed, and of the marks of tests."""
    assert apply.code == 0, apply.text
    kept = {name for name, _ in differences if name in EXPECTED}
    assert written(apply) - {f"endpoint {project.name}"} == kept, (apply.requests, differences)
    assert project.seen() == project.after(), apply.text
    for words in (("plan", "--detailed-exitcode"), ("drift",)):
        calm = project.deployer(*words)
        assert calm.code == 0, calm.text
        read_only(calm)


def goes_well(site: Site, folder: Path, seed: int) -> None:
    project = RandomProject(name=f"random-{seed}", folder=folder / f"random-{seed}", site=site, random=Random(seed))
    first_apply(project)
    for _ in range(ROUNDS):
        one_round(project)
    site.ask("DELETE", f"/onlineEndpoints/{project.name}")
    site.ask("DELETE", f"/onlineEndpoints/{project.name}-foreign")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_random_project_is_as_its_specs_say(seed: int, quick_site: Site, tmp_path: Path) -> None:
    goes_well(quick_site, tmp_path, seed)


@pytest.mark.long
def test_every_random_project_is_as_its_specs_say(quick_site: Site, tmp_path: Path) -> None:
    wrong = []
    for seed in range(SEED, SEED + COUNT):
        try:
            goes_well(quick_site, tmp_path, seed)
        except AssertionError as error:
            wrong.append(f"seed {seed}: {error}")
    assert not wrong, f"{len(wrong)} of {COUNT}:\n" + "\n\n".join(wrong)
