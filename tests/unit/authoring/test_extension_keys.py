"""What extension keys leave out has the default of the schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import load_project
from deployer.core.intent import ANYTHING, Checks, Rollout, SmokeTest
from deployer.core.resources import autoscale_ref, deployment_ref

FILES = {
    "specs/env/local.yml": "project: p\nworkspace: local\n",
    "specs/deployment.yml": "name: blue\ninstance_type: Standard_DS3_v2\nmodel: azureml:m:1\nenvironment: azureml:e:1\n"
    "x-smoke-test: {request: ../request.json}\n",
    "request.json": "{}\n",
}


def project(folder: Path, rollout: str) -> Path:
    endpoint = f"name: digits\nx-rollout: {rollout}\n"
    for name, text in {**FILES, "specs/endpoint.yml": endpoint}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{}", Rollout()),
        ("{steps: [10, 100]}", Rollout(steps=(10, 100))),
        ("{bake: 5m, checks: {}}", Rollout(bake_seconds=300.0)),
        ("{checks: {max_error_rate: 1%}}", Rollout(checks=Checks(max_error_rate=0.01))),
        ("{checks: {smoke: false, min_requests: 3}}", Rollout(checks=Checks(smoke=False, min_requests=3))),
    ],
)
def test_rollouts(tmp_path: Path, written: str, meant: Rollout) -> None:
    assert load_project(project(tmp_path, written), "local").intent.rollouts == {"digits": meant}


def test_smoke_tests(tmp_path: Path) -> None:
    tests = load_project(project(tmp_path, "{}"), "local").intent.smoke_tests
    test = tests[deployment_ref("digits", "blue")]
    assert test == SmokeTest(request="request.json", body_hash=test.body_hash, status=200, json=ANYTHING)


@pytest.mark.parametrize(
    ("policy", "declared", "kept"),
    [
        ("", "", None),
        ("", "x-revisions: {}", 1),
        ("", "x-revisions: {keep: 3}", 3),
        ("policy: {revisions: {}}", "", 1),
        ("policy: {revisions: {keep: 2}}", "", 2),
        ("policy: {revisions: {keep: 2}}", "x-revisions: {}", 2),
        ("policy: {revisions: {keep: 2}}", "x-revisions: {keep: 0}", 0),
    ],
)
def test_revisions_are_of_the_spec_or_of_the_env(tmp_path: Path, policy: str, declared: str, kept: int | None) -> None:
    folder = project(tmp_path, "{}")
    for file, line in (("specs/env/local.yml", policy), ("specs/deployment.yml", declared)):
        with (folder / file).open("a", encoding="utf-8") as written:
            written.write(f"{line}\n")
    revisions = load_project(folder, "local").intent.revisions
    assert revisions.get(deployment_ref("digits", "blue")) == kept


def test_autoscale_keeps_the_number_of_instances_as_it_is(tmp_path: Path) -> None:
    folder = project(tmp_path, "{}")
    with (folder / "specs/deployment.yml").open("a", encoding="utf-8") as written:
        written.write("x-autoscale: {min: 2, max: 5, default: 3, cpu: 70%}\nx-ignore: [tags.owner]\n")
    made, blue = load_project(folder, "local"), deployment_ref("digits", "blue")
    assert made.intent.ignored == {blue: (("tags", "owner"), ("instance_count",))}
    assert made.state.resources[blue].fields["instance_count"] == 3
    setting = made.state.resources[autoscale_ref("digits", "blue")]
    assert setting.fields["rules"] == {"cpu > 70 avg 5m": "+1", "cpu < 35 avg 5m": "-1"}
    assert str(made.origins.of(setting.ref, ("max",))) == "specs/deployment.yml:6:28"
