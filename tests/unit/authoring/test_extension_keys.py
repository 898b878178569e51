"""What extension keys leave out has the default of the schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import load_project
from deployer.core.intent import ANYTHING, Checks, Rollout, SmokeTest
from deployer.core.resources import deployment_ref

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
