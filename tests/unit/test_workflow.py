"""The workflows: valid, with few permissions, current, and doing what they say when their own commands are run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deployer.authoring.pipelines import Platform, pipeline_files
from deployer.report.json_output import read_saved_plan
from docs.make_workflows import workflows

pytestmark = pytest.mark.slow

WORKFLOW = Path(".github/workflows/deployer-review.yml")
APPLY, DRIFT = (WORKFLOW.with_name(f"deployer-{name}.yml") for name in ("apply", "drift"))
ACTIONS = {
    "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8": "v5.0.0",
    "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c": "v6.0.0",
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02": "v4.6.2",
    "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0": "v5.0.0",
    "actions/attest-build-provenance@977bb373ede98d70efbf0b7b13af9c3d6651dc60": "v4.1.0",
    "pypa/gh-action-pypi-publish@76f52bc884231f62b9a034ebfe128415bbaabdfc": "v1.12.4",
    "azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5": "v2.3.0",
}
"""A tag can be moved to other code; a commit cannot."""
MARKER = "<!-- deployer plan . dev -->"

GH = """#!{python}
import json, subprocess, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
if "--jq" in arguments:
    program = arguments[arguments.index("--jq") + 1]
    sys.exit(subprocess.run(["jq", "--raw-output", program, {comments!r}]).returncode)
"""


def workflow(file: Path = WORKFLOW) -> dict[str, Any]:
    # `on` is a boolean to YAML 1.1, which is what PyYAML reads
    loaded: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}


def steps(file: Path = WORKFLOW) -> list[dict[str, Any]]:
    return [step for job in workflow(file)["jobs"].values() for step in job["steps"]]


def script(name: str, file: Path = WORKFLOW) -> str:
    """The shell text of the first step with this name."""
    return next(str(step["run"]) for step in steps(file) if step.get("name") == name)


def schema(platform: str) -> dict[str, Any]:
    vendored = files("check_jsonschema") / f"builtin_schemas/vendor/{platform}.json"
    loaded: dict[str, Any] = json.loads(vendored.read_text("utf-8"))
    return loaded


ALL = pytest.mark.parametrize("file", [WORKFLOW, APPLY, DRIFT], ids=lambda file: file.stem)


@ALL
def test_it_is_a_workflow(file: Path) -> None:
    jsonschema.validate(workflow(file), schema("github-workflows"))


def test_the_workflows_are_those_that_init_writes() -> None:
    """`python docs/make_workflows.py` writes them."""
    assert {file: Path(file).read_text(encoding="utf-8") for file in workflows()} == workflows()


@pytest.mark.parametrize("envs", [["dev"], ["dev", "test-eu", "prod"]])
def test_the_pipeline_of_azure_is_one(envs: list[str]) -> None:
    text = pipeline_files(Platform.AZURE, envs, "pip install deployer\n")["azure-pipelines.yml"]
    loaded = yaml.load(text, yaml.BaseLoader)
    jsonschema.validate(loaded, schema("azure-pipelines"))
    assert [stage["displayName"] for stage in loaded["stages"]] == envs
    assert "@" not in "".join(line for line in text.splitlines() if "task:" not in line and "@body" not in line)


@pytest.mark.parametrize("envs", [["dev"], ["dev", "test-eu", "prod"]])
def test_workflows_for_other_envs_are_workflows(envs: list[str]) -> None:
    for text in pipeline_files(Platform.GITHUB, envs, "pip install deployer\n").values():
        assert not re.search(r"@[A-Z]+@", text)
        loaded = {"on" if key is True else key: value for key, value in yaml.safe_load(text).items()}
        jsonschema.validate(loaded, schema("github-workflows"))


def test_changes_reach_one_env_after_the_other() -> None:
    jobs = workflow(APPLY)["jobs"]
    assert list(jobs) == ["dev", "dev-approved", "prod", "prod-approved"]
    assert jobs["prod"]["needs"] == ["dev", "dev-approved"]
    assert jobs["prod-approved"]["environment"] == "prod"
    assert workflow(APPLY)["concurrency"]["cancel-in-progress"] is False


def test_every_action_is_pinned_to_a_commit_that_was_looked_at() -> None:
    lines = [line for file in WORKFLOW.parent.iterdir() for line in file.read_text("utf-8").splitlines()]
    used = [line.split("uses:")[1].strip() for line in lines if "uses:" in line]
    assert len(used) >= len([step for step in steps() if "uses" in step])
    assert set(used) <= {f"{action} # {version}" for action, version in ACTIONS.items()}


def test_only_the_plan_job_may_sign_in_and_comment_and_never_for_a_fork() -> None:
    jobs = workflow()["jobs"]
    assert workflow()["permissions"] == {"contents": "read"}
    assert "permissions" not in jobs["validate"]
    assert jobs["plan"]["permissions"] == {"contents": "read", "id-token": "write", "pull-requests": "write"}
    assert "github.event.pull_request.head.repo.full_name == github.repository" in jobs["plan"]["if"]
    assert set(workflow()["on"]) == {"pull_request"}


@ALL
def test_no_script_has_text_of_a_pull_request_pasted_into_it(file: Path) -> None:
    assert not [step["run"] for step in steps(file) if "${{" in step.get("run", "")]


@ALL
def test_no_secret_is_asked_for_and_no_checkout_keeps_its_token(file: Path) -> None:
    assert not re.search(r"\$\{\{\s*secrets\.", file.read_text(encoding="utf-8"))
    checkouts = [step for step in steps(file) if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(workflow(file)["jobs"])
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@ALL
def test_everything_is_installed_from_the_lock(file: Path) -> None:
    for job in workflow(file)["jobs"].values():
        lines = next(step["run"] for step in job["steps"] if step.get("name") == "Install").splitlines()
        assert [("--require-hashes" in line, "--no-deps --no-build-isolation ." in line) for line in lines] == [
            (True, False),
            (False, True),
        ]
        assert Path(lines[0].split()[-1]).exists()


def comment(
    tmp_path: Path, body: str, comments: list[dict[str, Any]], name: str = "Comment", file: Path = WORKFLOW
) -> list[list[str]]:
    """Run a step with a `gh` that answers with these comments or issues; every call it got."""
    log, there = tmp_path / "log", tmp_path / "comments.json"
    (tmp_path / "comment.md").write_text(body, encoding="utf-8")
    there.write_text(json.dumps(comments), encoding="utf-8")
    tool = tmp_path / "bin" / "gh"
    tool.parent.mkdir()
    tool.write_text(GH.format(python=sys.executable, log=str(log), comments=str(there)), encoding="utf-8")
    tool.chmod(0o755)
    environment = {
        "PATH": f"{tool.parent}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "owner/name",
        "NUMBER": "12",
        "GH_TOKEN": "not-a-token",
        "DEPLOYER_ENV": "dev",
        "PUSHED": "abcdef0123456789",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script(name, file)]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def by(author: str, number: int, body: str) -> dict[str, Any]:
    return {"id": number, "user": {"login": author}, "body": body}


needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq is not installed: `apt-get install jq`, or `brew install jq`"
)


@needs_jq
def test_the_first_comment_is_created(tmp_path: Path) -> None:
    others = [by("somebody", 1, f"{MARKER}\nnot ours"), by("github-actions[bot]", 2, "another workflow")]
    calls = comment(tmp_path, f"{MARKER}\ntext\n", others)
    assert len(calls) == 2
    assert calls[1][:4] == ["api", "--silent", "--method", "POST"]
    assert calls[1][4:] == ["repos/owner/name/issues/12/comments", "--field", "body=@comment.md"]


@needs_jq
def test_the_next_ones_update_it(tmp_path: Path) -> None:
    mine = [by("github-actions[bot]", 3, f"{MARKER}\nold"), by("github-actions[bot]", 4, f"{MARKER}\nolder")]
    calls = comment(tmp_path, f"{MARKER}\ntext\n", [by("somebody", 1, "hello"), *mine])
    assert calls[1][:4] == ["api", "--silent", "--method", "PATCH"]
    assert calls[1][4] == "repos/owner/name/issues/comments/3"


def test_a_plan_that_could_not_be_made_is_no_comment(tmp_path: Path) -> None:
    assert comment(tmp_path, "", []) == []


DEPLOYER = """#!{python}
import sys
sys.path.insert(0, {root!r})
from deployer.cli import main
main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the example with a `deployer` command; its local workspace is ended afterwards."""
    copy, tool = tmp_path / "project", tmp_path / "bin" / "deployer"
    for folder in ("specs", "schemas", "scoring", "data"):
        shutil.copytree(folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    tool.parent.mkdir()
    tool.write_text(DEPLOYER.format(python=sys.executable, root=str(Path.cwd())), encoding="utf-8")
    tool.chmod(0o755)
    yield copy
    subprocess.run([tool, "local", "down"], cwd=copy, check=True, capture_output=True, timeout=300)


def fallbacks() -> dict[str, str]:
    """The workflow's own environment, as it is in a repository that has none of the variables."""
    variables = workflow()["jobs"]["validate"]["env"]
    return {name: value.partition("||")[2].strip(" }'") for name, value in variables.items()}


def run(project: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A script of the workflow in the project, against the local env, as GitHub's runner would start it."""
    path = f"{project.parent / 'bin'}:{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "GITHUB_"))}
    environment = {**clean, "PATH": path, "DEPLOYER_ENV": "local", **fallbacks()}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=600)


def test_its_own_commands_validate_and_plan_the_example(project: Path) -> None:
    validated = run(project, script("Validate"))
    assert (validated.returncode, validated.stdout, validated.stderr) == (0, "", "")
    planned = run(project, script("Plan"))
    assert planned.returncode == 0, planned.stderr
    lines = (project / "comment.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "<!-- deployer plan . local -->"
    assert "+ model: azureml:digit-model:1" in lines
    saved = read_saved_plan((project / "plan.json").read_text(encoding="utf-8"))
    assert (saved.env, saved.project) == ("local", "digits")
    assert any(step.startswith("create deployment digits/blue (") for step in saved.steps)


def test_its_own_commands_point_at_a_wrong_spec(project: Path) -> None:
    spec = project / "specs" / "deployment-blue.yml"
    spec.write_text(spec.read_text(encoding="utf-8") + "\ninstance_cuont: 2\n", encoding="utf-8")
    number = len(spec.read_text(encoding="utf-8").splitlines())
    validated = run(project, script("Validate"))
    assert validated.returncode == 1
    assert f"::error file=specs/deployment-blue.yml,line={number},col=1," in validated.stdout
    planned = run(project, script("Plan"))
    assert planned.returncode == 1
    assert "instance_cuont" in planned.stderr
    commented = (project / "comment.md").read_text(encoding="utf-8")
    assert commented.startswith("<!-- deployer plan . local -->\n")
    assert "No plan: it could not be made." in commented
    assert "instance_cuont" in commented


@needs_jq
def test_a_new_push_marks_the_last_plan_as_outdated_once(tmp_path: Path) -> None:
    mark = "Mark the last plan as outdated"
    old = by("github-actions[bot]", 3, f"{MARKER}\n### Plan")
    others = [by("somebody", 1, f"{MARKER}\nx"), by("github-actions[bot]", 2, "<!-- deployer plan . prod -->\nx"), old]
    calls = comment(tmp_path, "", others, mark)
    assert calls[1][4:] == ["repos/owner/name/issues/comments/3", "--field", "body=@outdated.md"]
    assert (tmp_path / "outdated.md").read_text() == f"{MARKER}\n> **Outdated:** abcdef0 was pushed since.\n### Plan\n"
    shutil.rmtree(tmp_path / "bin")
    (tmp_path / "log").unlink()
    again = [by("github-actions[bot]", 3, f"{MARKER}\n> **Outdated:** abcdef0 was pushed since.\n### Plan")]
    assert len(comment(tmp_path, "", again, mark)) == 1


@needs_jq
@pytest.mark.parametrize(
    ("code", "there", "done"), [(2, [], "POST"), (3, [7], "PATCH"), (0, [7], "closed"), (0, [], "")]
)
def test_one_issue_is_opened_updated_and_closed(tmp_path: Path, code: int, there: list[int], done: str) -> None:
    (tmp_path / "code").write_text(str(code))
    (tmp_path / "drift.md").write_text("### Drift")
    issues = [{**by("github-actions[bot]", 1, ""), "number": number, "title": "Drift in dev"} for number in there]
    issues += [{**by("somebody", 1, ""), "number": 9, "title": "Drift in dev"}]
    calls = comment(tmp_path, "", issues, "Issue", DRIFT)
    assert len(calls) == (2 if done else 1)
    if done:
        assert (done in calls[1] or f"state={done}" in calls[1]) is True
        assert ("repos/owner/name/issues/7" in calls[1]) is bool(there)


def test_a_reviewed_plan_is_applied_and_a_stale_one_waits(project: Path) -> None:
    assert run(project, script("Plan")).returncode == 0
    reviewed = project / "reviewed" / "plan.json"
    reviewed.parent.mkdir()
    (project / "plan.json").rename(reviewed)
    outputs = "export GITHUB_OUTPUT=$PWD/output GITHUB_STEP_SUMMARY=$PWD/summary; touch output summary\n"
    applied = run(project, outputs + script("Apply", APPLY))
    assert applied.returncode == 0, applied.stderr
    assert (project / "output").read_text() == ""
    drifted = run(project, script("Drift", DRIFT))
    assert (drifted.returncode, (project / "code").read_text()) == (0, "0\n"), drifted.stderr
    env = project / "specs/env/local.yml"
    env.write_text(env.read_text().replace("instances: 1", "instances: 2"))
    run(project, script("Drift", DRIFT))
    assert (project / "code").read_text() == "2\n"
    stale = run(project, outputs + script("Apply", APPLY))
    assert stale.returncode == 0, stale.stderr
    assert (project / "output").read_text() == "waits=true\n"
    summary = (project / "summary").read_text()
    assert "the saved plan is stale" in summary
    assert "| `deployment digits/blue` | update: instance" in summary
    approved = run(project, script("Apply what was approved", APPLY))
    assert approved.returncode == 0, approved.stderr
    reviewed.unlink()
    waiting = run(project, outputs + script("Apply", APPLY))
    assert waiting.returncode == 0
    assert "There is no reviewed plan for this commit." in (project / "summary").read_text()
