"""A project whose specs the proofs write, change and apply: a constant scoring script, so that it takes no time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.e2e.reconciler.site import Site
from tests.e2e.reconciler.victim import Orders, start

SCRIPT = '''"""The scoring script of {name}."""
import os


def init():
    if os.environ["ANSWER"] == "crash":
        raise RuntimeError("this model does not load")


def run(data):
    return int(os.environ["ANSWER"])
'''
CONDA = "dependencies: [python=3.11, {pip: [azureml-inference-server-http]}]\n"
ROLLOUT = {"steps": [10, 50, 100], "bake": "100ms", "checks": {"min_requests": 2}}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a `deployer` that ended said; `code` is negative when a signal ended it."""

    code: int
    text: str
    requests: tuple[str, ...]


@dataclass(kw_only=True)
class Project:
    """Specs of one endpoint, called as the project is. `environ` are variables that commands run with."""

    name: str
    folder: Path
    site: Site
    runs: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "specs" / "env").mkdir(parents=True)
        for part in ("code", "model"):
            (self.folder / part).mkdir()
        (self.folder / ".deployer").symlink_to(self.site.home / ".deployer")
        (self.folder / "code" / "score.py").write_text(SCRIPT.format(name=self.name))
        (self.folder / "model" / "weights").write_text(self.name)
        (self.folder / "conda.yml").write_text(CONDA)
        (self.folder / "request.json").write_text("{}")
        self._write("env/local", project=self.name, workspace="local")
        self._write("model", name=f"{self.name}-model", version=1, path="../model")
        image = "mcr.microsoft.com/azureml/minimal-py311-inference:latest"
        self._write("environment", name=f"{self.name}-env", version=1, image=image, conda_file="../conda.yml")

    def _write(self, file: str, **members: object) -> None:
        (self.folder / "specs" / f"{file}.yml").write_text(json.dumps(members))

    def edit(self, file: str, **members: object) -> None:
        """Change members of a spec; those that are None go."""
        path = self.folder / "specs" / f"{file}.yml"
        changed = {**json.loads(path.read_text()), **members}
        path.write_text(json.dumps({key: value for key, value in changed.items() if value is not None}))

    def declare(self, answers: Mapping[str, str], rollout: object = None, **traffic: int) -> None:
        """Write the endpoint, and for each deployment what it answers; deployments left out leave the specs."""
        more = {} if rollout is None else {"x-rollout": rollout}
        self._write("endpoint", name=self.name, auth_mode="key", traffic=traffic, **more)
        for spec in (self.folder / "specs").glob("deployment-*"):
            spec.unlink()
        for name, answer in answers.items():
            self._write(f"deployment-{name}", name=name, **self._deployment(answer))

    def _deployment(self, answer: str) -> dict[str, object]:
        expected = int(answer) if answer.isdigit() else 0
        return {
            "endpoint_name": self.name,
            "model": f"azureml:{self.name}-model:1",
            "environment": f"azureml:{self.name}-env:1",
            "code_configuration": {"code": "../code", "scoring_script": "score.py"},
            "environment_variables": {"ANSWER": answer},
            "instance_type": "Standard_DS3_v2",
            "instance_count": 1,
            # A client and the probes of two applies at once: with 1, Azure's limit of 2 pending requests can be met.
            "request_settings": {"max_concurrent_requests_per_instance": 2},
            "x-smoke-test": {"request": "../request.json", "json": expected},
        }

    def add_model(self, version: int) -> None:
        """Declare one more version of the model."""
        (self.folder / f"model-{version}").mkdir()
        (self.folder / f"model-{version}" / "weights").write_text(f"{self.name} {version}")
        self._write(f"model-{version}", name=f"{self.name}-model", version=version, path=f"../model-{version}")

    def use_model(self, deployment: str, version: int) -> None:
        """Give a declared deployment another version of the model; an earlier version leaves the specs."""
        self.edit(f"deployment-{deployment}", model=f"azureml:{self.name}-model:{version}")
        (self.folder / "specs" / "model.yml").unlink()

    def begin(
        self, command: str, *arguments: str, kill_after: int = 0, hurry: bool = False
    ) -> tuple[ForkServerProcess, Path]:
        """Start a command; its process, and the file that it prints to."""
        output = self.folder / f"run-{next(self.runs)}.txt"
        words = [command, *arguments, "--project", str(self.folder)]
        orders = Orders(arguments=words, output=output, kill_after=kill_after, hurry=hurry, environ=dict(self.environ))
        return start(orders), output

    def deployer(self, command: str, *arguments: str, kill_after: int = 0, hurry: bool = False) -> Run:
        """Run a command to its end."""
        return ended(*self.begin(command, *arguments, kill_after=kill_after, hurry=hurry))

    def applied(self, *arguments: str) -> Run:
        """Apply, which has to work."""
        run = self.deployer("apply", *arguments)
        assert run.code == 0, run.text
        return run

    def split(self) -> dict[str, int]:
        """The live traffic."""
        live = self.site.endpoint(self.name)
        return dict(live["properties"]["traffic"]) if live else {}

    def states(self) -> dict[str, str]:
        """The provisioning state of every deployment."""
        return {name: item["provisioningState"] for name, item in self.site.deployments(self.name).items()}

    def converged(self, split: Mapping[str, int], *arguments: str) -> None:
        """Assert that nothing is left to do, and nothing is left over."""
        plan = self.deployer("plan", "--detailed-exitcode", *arguments)
        assert plan.code == 0, plan.text
        assert self.split() == split, (self.split(), split)
        assert set(self.states().values()) <= {"Succeeded"}, self.states()
        tags = self.site.endpoint(self.name)["tags"]
        assert "deployer-rollout" not in tags, tags

    def forget(self) -> None:
        """Delete the endpoint with all that serves."""
        self.site.ask("DELETE", f"/onlineEndpoints/{self.name}")


def ended(process: ForkServerProcess, output: Path, seconds: float = 120) -> Run:
    """Wait for a command."""
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"still running after {seconds} s:\n{output.read_text()}")
    requests = output.with_suffix(".requests").read_text().splitlines()
    return Run(code=process.exitcode, text=output.read_text(), requests=tuple(requests))
