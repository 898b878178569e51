"""Every command that the documentation, the help and the messages name does what it says, typed as it stands there.

The envs dev and prod of the example are on the local workspace here, so that nothing is left out for want of Azure.
"""

from __future__ import annotations

import base64
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest

from tests.e2e.newcomer.conftest import Project, copy_of_the_project
from tests.unit.commands.test_hints import NOT_COMMANDS, advised, documented
from tests.unit.commands.test_reference import examples

pytestmark = [pytest.mark.xdist_group("newcomer"), pytest.mark.long]

PARSED_ALONE = {
    "local down --all": "it would end the workspaces of other tests",
    "local prune": "it would delete what other tests left",
    "logs blue --follow": "it goes on until it is interrupted, which test_everyday.py does",
    "local serve": "it is what `local up` starts, and there is one of a project at a time",
    "open --env dev": "it would open a browser; test_everyday.py prints the address",
}
"""What is not run here, and why."""

COMPLETED = {
    "apply PLAN": "apply plan.json",
    "apply x": "apply plan.json",
    "apply --max-minutes": "apply --max-minutes 10",
    "explain": "explain vm-size",
    "explain CODE": "explain vm-size",
    "explain x": "explain vm-size",
    "explain FIELD": "explain instance_type",
    "diff": "diff --env prod --against dev",
    "import": "import digits",
    "import NAME": "import digits",
    "import NAME --env prod": "import digits-prod --env prod",
    "import digits --env prod": "import digits-prod --env prod",
    "import digits --env dev": "import digits-dev --env dev",
    "init --from-mlflow DIR": "init --from-mlflow mlflow-model",
    "init --from-mlflow FOLDER": "init --from-mlflow mlflow-model",
    "init --from-mlflow model": "init --from-mlflow mlflow-model",
    "init --from-model": "init --from-model model/iris.joblib",
    "init --from-model FILE": "init --from-model model/iris.joblib",
    "init --pipelines": "init --pipelines azure",
    "local fault": "local fault list",
    "local fault …": "local fault list",
    "local fault add": "local fault add --status 503 --path nowhere",
    "local fault add --overlap": "local fault add --path nowhere --overlap",
    "local fault quota": "local fault quota --help",
    "local up|down|status|reset": "local status",
    "logs": "logs blue",
    "logs DEPLOYMENT": "logs blue",
    "logs x": "logs blue",
    "logs green": "logs blue",
    "plan --env {}": "plan --env dev",
    "plan --out FILE": "plan --out another.json",
    "render --out DIR": "render --out build-2",
    "rollback --env prod --endpoint digits": "rollback --env prod --endpoint digits-prod",
    "score": "score data/seven.png",
    "score '{\"data\": [1]}'": "score @seven",
    "score '{\"data\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}'": "score @seven",
    "score --request setosa.json": "score --request sample-request.json",
    "status --json | jq …": "status --json",
    "validate FILE…": "validate endpoint.yml",
    "validate FOLDER": "validate azure",
}
"""What a sentence leaves out, or means for a project of its own."""

CODES = {"drift": {0, 2}}
"""Other exit codes than 0 that are an answer."""
NEEDS_A_TERMINAL = {"destroy", "destroy --env dev"}
"""What asks before it acts: it says so where nobody can be asked."""

LATE = ("rollback", "keys --rotate", "apply", "destroy", "local reset", "local down")
"""What changes something, after what only looks, in this order."""


def lines() -> list[str]:
    """Every command, without the name of the program, in an order in which they can be typed one after the other."""
    typed = {line.removeprefix("deployer ").partition(" || ")[0] for line in set(documented()) - NOT_COMMANDS}
    found = {re.sub(r"^destroy --yes .*", "destroy --yes digits", line) for line in {*typed, *advised(), *examples()}}
    return sorted(found, key=lambda line: (_rank(line), line))


def _rank(line: str) -> int:
    return next((place for place, word in enumerate(LATE, 1) if line.startswith(word)), 0)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The example, applied to three envs of one local workspace, with what the commands name beside it."""
    from sklearn.linear_model import LogisticRegression

    made = copy_of_the_project(tmp_path_factory.mktemp("documented"))
    local = (made.folder / "specs/env/local.yml").read_text()
    for env in ("dev", "prod"):
        (made.folder / f"specs/env/{env}.yml").write_text(local.replace("digits", f"digits-{env}"))
    shutil.copytree(made.folder / "specs", made.folder / "teams/vision/specs")
    for name in ("scoring", "data"):
        shutil.copytree(made.folder / name, made.folder / "teams/vision" / name)
    (made.folder / "teams/vision/specs/env/prod.yml").write_text(local.replace("digits", "digits-vision"))
    for text in ("blue: 100", "blue: 50\n  green: 50"):
        made.edit("specs/endpoint.yml", "blue: 100", text)
        blue = (made.folder / "specs/deployment-blue.yml").read_text()
        for env in ("local", "dev", "prod"):
            done = made.run("apply", "--env", env)
            assert done.returncode == 0, done.stderr
        (made.folder / "specs/deployment-green.yml").write_text(blue.replace("name: blue", "name: green"))
    (made.folder / "model").mkdir()
    joblib.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), made.folder / "model/iris.joblib")
    (made.folder / "mlflow-model").mkdir()
    (made.folder / "mlflow-model/MLmodel").write_text("flavors:\n  python_function:\n    loader_module: m\n")
    made.run("render", "--out", "azure")
    for name, copy in (("endpoint", "endpoint.yml"), ("deployment-blue", "blue.yml")):
        (made.folder / copy).write_text(next((made.folder / "azure").rglob(f"{name}*.yml")).read_text())
    assert made.run("plan", "--out", "plan.json").returncode == 0
    (made.folder / "sample-request.json").write_text(_seven(made))
    yield made
    made.run("local", "down")
    made.run("local", "down", "--project", "teams/vision")


def test_every_command_does_what_it_says(project: Project, tmp_path: Path) -> None:
    problems = []
    for line in lines():
        if line in PARSED_ALONE:
            continue
        words = shlex.split(COMPLETED.get(line, line))
        where = project
        if words[0] == "init":
            where = Project(folder=_beginning(project, tmp_path))
        done = where.run(*(_seven(project) if word == "@seven" else word for word in words))
        allowed = {64} if line in NEEDS_A_TERMINAL else CODES.get(words[0], {0})
        if done.returncode not in allowed or "Traceback" in done.stderr:
            problems.append(f"deployer {line} ({shlex.join(words)}): {done.returncode}\n{done.stdout}{done.stderr}")
        if words[:2] == ["local", "fault"]:
            project.run("local", "fault", "clear")
        if words[0] == "import":
            shutil.rmtree(project.folder / "specs" / words[1])
        if words[:2] in (["local", "down"], ["local", "reset"]) or words[0] == "destroy":
            project.run("apply")
    assert not problems, "\n".join(problems)


def test_few_are_parsed_alone_and_nothing_is_said_of_others() -> None:
    known = set(lines())
    assert len(known) > 80
    assert len(PARSED_ALONE) <= 10
    assert set(PARSED_ALONE) <= known
    assert set(COMPLETED) <= known, set(COMPLETED) - known


def _beginning(project: Project, folder: Path) -> Path:
    """A folder with models and YAML of Azure, and no project yet."""
    made = folder / f"beginning-{len(list(folder.iterdir()))}"
    made.mkdir()
    for name in ("model", "mlflow-model"):
        shutil.copytree(project.folder / name, made / name)
    for name in ("endpoint.yml", "blue.yml"):
        shutil.copy(project.folder / name, made / name)
    return made


def _seven(project: Project) -> str:
    picture = base64.b64encode((project.folder / "data/seven.png").read_bytes()).decode()
    return f'{{"data": "{picture}"}}'
