"""Two applies of saved plans that change the same deployment: one wins whole, and the other is refused."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.e2e.reconciler.project import Project, ended

pytestmark = pytest.mark.xdist_group("reconciler-two-applies")
NewProject = Callable[[], Project]
ANSWERS = ("2", "3")


def twin(project: Project) -> Project:
    """A second checkout of the same project."""
    folder = project.folder.with_name(f"{project.name}-twin")
    scratch = folder.with_name(f"{folder.name}-empty")
    copied = replace(project, folder=scratch)
    shutil.rmtree(scratch)
    shutil.copytree(project.folder, folder, symlinks=True)
    copied.folder = folder
    return copied


def race(project: Project, offset: float) -> tuple[list[int], str, list[str]]:
    """The exit codes of two applies, the second begun `offset` of the first's time later; what is live; their words."""
    project.declare({"blue": "1"}, blue=100)
    project.applied()
    pair = (project, twin(project))
    for one, answer in zip(pair, ANSWERS, strict=True):
        one.declare({"blue": answer}, blue=100)
        plan = one.deployer("plan", "--out", str(one.folder / "plan.json"))
        assert plan.code == 0, plan.text
    first = project.begin("apply", str(project.folder / "plan.json"))
    time.sleep(offset * 4)  # about what one apply takes; which of the two is faster does not matter
    second = pair[1].begin("apply", str(pair[1].folder / "plan.json"))
    runs = [ended(*first), ended(*second)]
    live = project.site.deployments(project.name)["blue"]
    answer = str(live["environmentVariables"]["ANSWER"])
    return [run.code for run in runs], answer, [run.text for run in runs]


def one_wins(project: Project, offset: float) -> None:
    codes, answer, texts = race(project, offset)
    assert sorted(codes) == [0, 3], (codes, texts)
    assert answer == ANSWERS[codes.index(0)], (codes, answer, texts)
    assert "Traceback" not in "".join(texts)
    assert project.split() == {"blue": 100}


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_one_of_two_applies_wins_whole_and_the_other_is_refused(project: Project, offset: float) -> None:
    one_wins(project, offset)


def loser_is_told(project: Project, offset: float) -> None:
    """Where the workspace takes a write during another one, both may lose, and what lost never ends with 0."""
    with project.site.fault(method="PUT", path=f"/onlineEndpoints/{project.name}", overlap=True):
        codes, answer, texts = race(project, offset)
    won = [code == 0 for code in codes]
    assert set(codes) <= {0, 1, 3}, (codes, texts)
    assert sum(won) <= 1, (codes, texts)
    assert not any(won) or answer == ANSWERS[won.index(True)], (codes, answer, texts)


@pytest.mark.parametrize("offset", [0.0, 0.2])
def test_a_workspace_that_takes_writes_during_another_fools_nobody(project: Project, offset: float) -> None:
    loser_is_told(project, offset)


def beside(project: Project, offset: float, *words: str) -> tuple[list[int], list[str]]:
    """The exit codes and words of an apply of another answer, and of a command begun a part of its time later."""
    project.declare({"blue": "2", "green": "1"}, blue=100)
    first = project.begin("apply")
    time.sleep(offset * 4)
    second = project.begin(*words)
    runs = [ended(*first), ended(*second)]
    assert "Traceback" not in runs[0].text + runs[1].text
    return [run.code for run in runs], [run.text for run in runs]


def both_serve(project: Project, **traffic: int) -> None:
    project.declare({"blue": "1", "green": "1"}, **traffic)
    project.applied()


@pytest.mark.long
@pytest.mark.parametrize("offset", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
def test_what_destroy_says_is_gone_is_gone_and_apply_does_not_claim_it(project: Project, offset: float) -> None:
    both_serve(project, blue=100)
    (applied, destroyed), texts = beside(project, offset, "destroy", "--yes", project.name)
    assert (destroyed == 0) == (project.site.endpoint(project.name) is None), texts
    assert applied in (0, 1, 3), texts
    if applied == 0:  # then it was done before the deletion, or prevented it
        order = (project.site.root / "requests.jsonl").read_text()
        assert destroyed != 0 or order.rindex('"PUT"') < order.rindex('"DELETE"'), texts


@pytest.mark.long
@pytest.mark.parametrize("offset", [0.0, 0.3, 0.6, 1.0])
def test_rollback_beside_an_apply_moves_the_traffic_or_says_why_not(project: Project, offset: float) -> None:
    both_serve(project, green=100)
    both_serve(project, blue=100)
    (applied, rolled), texts = beside(project, offset, "rollback", "--yes", "--endpoint", project.name)
    assert {applied, rolled} <= {0, 1, 3}, texts
    assert project.split() == ({"green": 100} if rolled == 0 else {"blue": 100}), texts


@pytest.mark.long
def test_whatever_the_offset_the_loser_of_overlapping_writes_is_told(new_project: NewProject) -> None:
    for number in range(20):
        project = new_project()
        loser_is_told(project, number / 19)
        project.forget()


@pytest.mark.long
def test_whatever_the_offset_one_of_two_applies_wins_whole(new_project: NewProject) -> None:
    wrong = []
    for number in range(50):
        project = new_project()
        try:
            one_wins(project, number / 49)
        except AssertionError as error:
            wrong.append(f"offset {number / 49:.2f}:\n{error}")
        project.forget()
    assert not wrong, "\n\n".join(wrong)
