"""Secrets on their way from the environment to the container: unchanged there, and shown nowhere on the way."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import yaml

from tests.e2e.reconciler.project import Project
from tests.e2e.reconciler.site import DEPLOYMENTS_API

NASTY = {
    "COMMENT": "before #after-the-hash",
    "QUOTES": '"it\'s" `said`',
    "LINES": "first line of it\n  second: line\n\nlast line of it\n",
    "BRACES": "{{ not_a_template }} {% if %} ${{ keyvault }}",
    "SLASHES": "back\\slash\\n /and/ %41 & <b>",
    "YAML": "*anchor: [1, 2] !tag |",
    "UNICODE": "pässwörd \u2028 \U0001f511 end",
    "NUMBER": "0123456789.0",
    "LONG": "".join(f"{number:04x}" for number in range(1250)),
}
SCRIPT = """import os


def init(): ...


def run(data):
    return {name: os.environ[name] for name in os.environ if name.startswith(("A_", "Q_", "IN_"))}
"""


def declare(project: Project, names: dict[str, str]) -> None:
    project.declare({"blue": "7"}, blue=100)
    (project.folder / "code" / "score.py").write_text(SCRIPT)
    spec = project.folder / "specs" / "deployment-blue.yml"
    data = yaml.safe_load(spec.read_text())
    data["x-smoke-test"] = {"request": "../request.json"}
    del data["environment_variables"]
    lines = ["environment_variables:"]
    for name, variable in names.items():
        lines += [f"  A_{name}: {{{{ secret('{variable}') }}}}", f"  Q_{name}: \"{{{{ secret('{variable}') }}}}\""]
        lines += [f"  IN_{name}: https://u:{{{{ secret('{variable}') }}}}@h/{{{{ secret('{variable}') | b64encode }}}}"]
    spec.write_text(yaml.safe_dump(data) + "\n".join(lines) + "\n")


def meant(values: dict[str, str]) -> dict[str, str]:
    found = dict[str, str]()
    for name, value in values.items():
        found |= {f"A_{name}": value, f"Q_{name}": value}
        found[f"IN_{name}"] = f"https://u:{value}@h/{base64.b64encode(value.encode()).decode()}"
    return found


def shown(folder: Path) -> str:
    """Everything that commands printed or wrote there."""
    files = [path for path in folder.iterdir() if path.suffix in (".txt", ".json", ".yml") and path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_values_reach_the_workspace_and_the_container_byte_for_byte_and_no_output(project: Project) -> None:
    project.environ = {f"SECRET_{name}": value for name, value in NASTY.items()}
    declare(project, {name: f"SECRET_{name}" for name in NASTY})
    saved = str(project.folder / "saved.json")
    project.deployer("plan", "--out", saved)
    project.applied()
    stored = project.site.deployments(project.name)["blue"]["environmentVariables"]
    assert {name: stored.get(name) for name in meant(NASTY)} == meant(NASTY)
    assert project.site.answer(project.name) == meant(NASTY)
    live = project.site.ask("GET", f"/onlineEndpoints/{project.name}/deployments/blue", DEPLOYMENTS_API)
    assert live["tags"]["deployer-secret"].count(";") == len(meant(NASTY)) - 1
    project.converged({"blue": 100})
    rotated = {name: value[::-1] for name, value in NASTY.items()}
    project.environ = {f"SECRET_{name}": value for name, value in rotated.items()}
    for command in (["plan"], ["plan", "--format", "json"], ["plan", "--format", "markdown"]):
        assert "sensitive" in project.deployer(*command).text
    for command in (["render"], ["drift"], ["status"], ["logs", "blue"], ["score", "--request", "request.json"]):
        project.deployer(*command)
    said = shown(project.folder)
    for value in (*NASTY.values(), *rotated.values()):
        assert value not in said
        assert value[:12] not in said
        assert quote(value) not in said
        assert base64.b64encode(value.encode()).decode() not in said
