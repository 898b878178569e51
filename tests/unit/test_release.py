"""What is published: from a tag that is the version, with few permissions, the same bytes wherever it is built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import jsonschema
import pytest

from tests.unit.test_workflow import schema, script, steps, workflow

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / ".github/workflows/release.yml"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def built(folder: Path) -> dict[str, bytes]:
    """What `make dist` publishes from a copy of the checkout in a folder of its own."""
    ignored = shutil.ignore_patterns(".*", "build", "dist", "tests", "bench", "__pycache__", "*.keras")
    shutil.copytree(ROOT, folder, ignore=ignored)
    made = ["make", "-s", "dist", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.dev"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}
    subprocess.run(made, cwd=folder, check=True, timeout=600, capture_output=True, env=environment)
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


def test_the_same_bytes_are_built_in_another_folder_at_another_time(tmp_path: Path) -> None:
    one, other = built(tmp_path / "one"), built(tmp_path / "another")
    assert sorted(one) == [f"azureml_deployer-{VERSION}-py3-none-any.whl", f"azureml_deployer-{VERSION}.tar.gz"]
    assert one == other
    wheel = set(zipfile.ZipFile(tmp_path / f"one/dist/azureml_deployer-{VERSION}-py3-none-any.whl").namelist())
    with tarfile.open(tmp_path / f"one/dist/azureml_deployer-{VERSION}.tar.gz") as archive:
        source = archive.getnames()
    for name in (
        "deployer/authoring/starter_files/score.py",
        "deployer/authoring/starter_files/github/deployer-review.yml",
    ):
        assert name in wheel
        assert f"azureml_deployer-{VERSION}/{name}" in source
    assert "deployer/schemas/endpoint.schema.json" in wheel
    assert f"azureml_deployer-{VERSION}/schemas/endpoint.schema.json" in source
    assert f"azureml_deployer-{VERSION}.dist-info/licenses/LICENSE" in wheel
    assert f"azureml_deployer-{VERSION}/LICENSE" in source


def test_the_workflow_may_little_and_only_what_was_tested_is_published() -> None:
    found = workflow(RELEASE)
    jsonschema.validate(found, schema("github-workflows"))
    assert found["permissions"] == {"contents": "read"}
    assert found["on"] == {"push": {"tags": ["v*"]}}
    build, publish = found["jobs"]["build"], found["jobs"]["publish"]
    assert [step["name"] for step in build["steps"] if "run" in step] == ["Test", "Build", "Check the tag"]
    assert (publish["needs"], publish["environment"]) == ("build", "pypi")
    assert publish["permissions"] == {"id-token": "write"}
    assert "secrets." not in RELEASE.read_text(encoding="utf-8")
    assert not [step["run"] for step in steps(RELEASE) if "${{" in step.get("run", "")]


@pytest.mark.parametrize(("tag", "code"), [(f"v{VERSION}", 0), ("v99.0.0", 1), (VERSION + "1", 1)])
def test_a_tag_that_is_not_the_version_is_refused(tag: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    for name in (f"azureml_deployer-{VERSION}-py3-none-any.whl", f"azureml_deployer-{VERSION}.tar.gz"):
        (tmp_path / "dist" / name).touch()
    done = subprocess.run(
        ["bash", "-e", "-c", script("Check the tag", RELEASE)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GITHUB_REF_NAME": tag},
    )
    assert done.returncode == code, done.stdout
    assert ("::error::" in done.stdout) is bool(code)


def test_the_image_copies_what_is_there_and_runs_as_no_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    assert "USER deployer" in last
    assert {base.split()[0] for base in re.findall(r"^FROM (.*)$", text, re.M)} == {"python:3.11-slim-bookworm"}
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M) for word in line.split()[:-1]]
    assert len(copied) >= 6
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for word in copied:
        assert (ROOT / word).exists(), word
        assert f"!{word}" in sent, f"{word} is not sent to the builder"


@pytest.mark.skipif(
    shutil.which("hadolint") is None, reason="hadolint is not installed: https://github.com/hadolint/hadolint"
)
def test_the_image_has_no_finding() -> None:
    done = subprocess.run(["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
