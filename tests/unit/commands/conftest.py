"""A project on disk, a workspace in memory in the place of Azure's and the local one, and a terminal that types."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

import pytest

from deployer import workspaces
from deployer.cli import cli
from deployer.commands.running import run as run_cli
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.plan import Step
from deployer.core.resources import Kind, Observed, Ref, Resource, State, asset_ref, state_of
from deployer.core.workspace import KeyName, Wanted
from tests.unit.memory import MemoryWorkspace

DEV = {"subscription_id": "00000000-0000-0000-0000-000000000001", "resource_group": "group", "name": "workspace"}
KEYS = ("primary-0123456789", "secondary-0123456789")
ASSETS = (asset_ref(Kind.MODEL, "digits", "1"), asset_ref(Kind.ENVIRONMENT, "serving", "1"))


@dataclass
class OwnedWorkspace(MemoryWorkspace):
    """What is written belongs to the project `shop`, as the tag of a real write says."""

    owner: str = "shop"
    opened: int = 0
    wanted: list[Wanted] = field(default_factory=list)
    rotated: list[tuple[str, KeyName]] = field(default_factory=list)

    def observe(self, wanted: Wanted) -> State:
        self.wanted.append(wanted)
        return super().observe(wanted)

    def execute(self, step: Step) -> None:
        with self.lock:
            super().execute(step)
            self.owned_by(self.owner)

    def owned_by(self, owner: str) -> None:
        items = self.state.resources.values()
        self.state = state_of([replace(item, observed=replace(item.seen, owner=owner)) for item in items])

    def logs(self, ref: Ref, container: str, tail: int) -> str:
        return f"{tail} lines of {container} of {ref}"

    def keys(self, endpoint: str) -> tuple[str, str]:
        return KEYS

    def rotate_key(self, endpoint: str, which: KeyName) -> None:
        self.rotated.append((endpoint, which))

    def bearer(self, endpoint: str) -> str:
        return "token-1"

    @property
    def written(self) -> list[str]:
        """What was written since the last look, as `~ traffic digits`."""
        done = [f"{step.action.value} {step.ref}" for step in self.executed]
        self.executed.clear()
        return done


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and its exit code; `where` is the line that says where it acts, if it was printed."""

    code: int
    out: str
    err: str
    where: str = ""


class Tty(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(kw_only=True)
class Shop:
    """The project `shop` with its env `dev` in Azure and its env `local`; both are the same workspace in memory."""

    folder: Path
    workspace: OwnedWorkspace
    monkeypatch: pytest.MonkeyPatch

    def write(self, file: str, members: object) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(members))

    def declare(self, endpoint: str = "digits", *deployments: str, **traffic: int) -> None:
        """Write the spec of an endpoint and of its deployments, in the place of earlier ones."""
        folder = f"specs/{endpoint}"
        for old in (self.folder / folder).glob("*.yml"):
            old.unlink()
        self.write(f"{folder}/endpoint.yml", {"name": endpoint, "auth_mode": "key", "traffic": traffic})
        for name in deployments or ("blue", "green"):
            self.write(f"{folder}/deployment-{name}.yml", self.deployment(endpoint, name))

    def declare_test(self, endpoint: str, name: str) -> None:
        """Add a smoke test to the spec of a deployment."""
        self.write("request.json", {})
        test = {"request": "../../request.json"}
        self.write(f"specs/{endpoint}/deployment-{name}.yml", {**self.deployment(endpoint, name), "x-smoke-test": test})

    def deployment(self, endpoint: str, name: str) -> dict[str, object]:
        return {
            "name": name,
            "endpoint_name": endpoint,
            "model": "azureml:digits:1",
            "environment": "azureml:serving:1",
            "code_configuration": {"code": "../../code", "scoring_script": "score.py"},
            "instance_type": "Standard_DS3_v2",
            "instance_count": 1,
        }

    def run(
        self,
        *words: str,
        typed: str | None = None,
        piped: str = "",
        color: bool = False,
        stdin: TextIO | None = None,
        **given: io.StringIO,
    ) -> Said:
        """Type a command, and `typed` at its question; `piped` is no terminal, without `typed` none is.

        `stdin`, `stdout` and `stderr` may be given.
        """
        terminal = typed is not None
        streams = {name: Tty() if terminal else io.StringIO() for name in ("stdout", "stderr")} | given
        streams["stdin"] = Tty(f"{typed}\n") if terminal else io.StringIO()
        if piped:
            streams[piped] = io.StringIO(streams[piped].getvalue())
        with self.monkeypatch.context() as patch:
            patch.chdir(self.folder)
            patch.setenv("NO_COLOR", "" if color else "1")
            patch.setenv("TERM", os.environ.get("TERM", "xterm") if color else "xterm")
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            if stdin:
                patch.setattr(sys, "stdin", stdin)
            code = run_cli(cli, list(words))
        err = streams["stderr"].getvalue()
        where, _, rest = err.partition("\n") if " → " in err.partition("\n")[0] else ("", "", err)
        return Said(code=code, out=streams["stdout"].getvalue(), err=rest, where=where)

    def applied(self) -> None:
        """Apply, which has to work; what was written is forgotten."""
        said = self.run("apply", "--env", "dev", "--yes")
        assert said.code == 0, said
        self.workspace.executed.clear()


def _connection(folder: Path) -> tuple[Coordinates, LocalServer]:
    server = LocalServer(api="", page="http://127.0.0.1:1/page", ca_file=folder / "ca.pem", token_file=folder / "token")
    return Coordinates(**DEV), server


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A project that nobody has applied, with blue and green, all traffic to blue."""
    assets = state_of([Resource(ref=ref, fields={}, observed=Observed(owner="shop")) for ref in ASSETS])
    shop = Shop(folder=tmp_path, workspace=OwnedWorkspace(state=assets), monkeypatch=monkeypatch)
    shop.write("specs/env/dev.yml", {"project": "shop", "workspace": DEV})
    shop.write("specs/env/local.yml", {"project": "shop", "workspace": "local"})
    (tmp_path / "code").mkdir()
    (tmp_path / "code/score.py").write_text("def init(): ...\n\n\ndef run(data): ...\n")
    shop.declare("digits", blue=100)

    def connect(*_: object, **__: object) -> OwnedWorkspace:
        shop.workspace.opened += 1
        return shop.workspace

    monkeypatch.setattr(workspaces, "connect", connect)
    monkeypatch.setattr(workspaces, "start", lambda project, started: _connection(project))
    return shop


@pytest.fixture
def deployed(shop: Shop) -> Shop:
    """The same project, applied."""
    shop.applied()
    return shop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole commands are for `make test`: `make quick` has to be quick."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
