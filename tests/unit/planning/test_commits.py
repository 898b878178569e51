"""The commit of the specs: noted with each write of a deployment, and what a review compares code with."""

from __future__ import annotations

from dataclasses import replace

from deployer.core.bookkeeping import Bookkeeping, Earlier
from deployer.core.plan import Action, Step
from deployer.core.resources import Resource, State
from deployer.planning.commits import CodeChange, code_changes, commit_before, with_commit_noted, writes_deployments
from tests.build import deployment, endpoint, live, seen, traffic

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def coded(name: str, code: str, commit: str = "") -> Resource:
    made = deployment(name, code_configuration={"code": f"sha256:{code * 32}", "scoring_script": "score.py"})
    there = seen(made, bookkeeping=Bookkeeping(commit=commit))
    return replace(there, sources={("code_configuration", "code"): "scoring/"})


def wrote(after: Resource, before: Resource | None = None) -> Step:
    return Step(action=Action.UPDATE if before else Action.CREATE, ref=after.ref, before=before, after=after)


def changes(state: State, *steps: Step) -> list[CodeChange]:
    return list(code_changes(steps, state))


def test_every_write_of_a_deployment_notes_the_commit_and_keeps_what_else_it_notes() -> None:
    noted = Bookkeeping(earlier=Earlier(model="azureml:digits:1"))
    steps = (
        replace(wrote(deployment("blue")), bookkeeping=noted),
        wrote(deployment("green")),
        wrote(traffic(blue=100)),
        Step(action=Action.DELETE, ref=deployment("red").ref, before=deployment("red")),
        Step(action=Action.TEST, ref=deployment("blue").ref),
    )
    found = [step.bookkeeping for step in with_commit_noted(steps, COMMIT)]
    assert found == [replace(noted, commit=COMMIT), Bookkeeping(commit=COMMIT), None, None, None]
    assert with_commit_noted(steps, "") == steps
    assert writes_deployments(steps)
    assert not writes_deployments(steps[2:])


def test_an_update_is_compared_with_what_the_deployment_had() -> None:
    old, new = coded("blue", "ab", COMMIT), coded("blue", "cd")
    (change,) = changes(live(endpoint(), old, traffic(blue=100)), wrote(new, old))
    assert change == CodeChange(ref=new.ref, folder="scoring/", beside=new.ref, commit=COMMIT)
    assert changes(live(endpoint(), old), wrote(coded("blue", "ab"), old)) == []


def test_a_new_deployment_is_compared_with_the_one_that_serves_most() -> None:
    few, most, new = coded("few", "ab"), coded("most", "ef", COMMIT), coded("new", "cd")
    (change,) = changes(live(endpoint(), few, most, traffic(few=10, most=90)), wrote(new))
    assert (change.beside, change.commit) == (most.ref, COMMIT)
    assert changes(live(endpoint(), few, most), wrote(new)) == []


def test_a_deployment_without_code_or_whose_code_comes_from_nowhere_has_no_files() -> None:
    bare = deployment("blue", code_configuration=None)
    assert changes(live(endpoint(), bare), wrote(coded("blue", "cd"), bare)) == []
    old = coded("blue", "ab")
    assert changes(live(endpoint(), old), wrote(replace(coded("blue", "cd"), sources={}), old)) == []


def test_what_is_put_back_has_the_commit_of_what_was_replaced_if_it_is_the_same() -> None:
    old, new = coded("blue", "ab", COMMIT), coded("blue", "cd")
    assert commit_before(wrote(new, old), old, ()) == COMMIT
    assert commit_before(wrote(new, old), new, ()) == ""
    assert commit_before(wrote(new), old, ()) == ""
    assert commit_before(None, old, ()) == ""
