"""Which workspace is opened, and on whose behalf: what is written there is owned by that project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployer import pipeline
from deployer.authoring import EnvFile
from deployer.core.coordinates import Coordinates, LocalServer

AZURE = Coordinates(subscription_id="s", resource_group="rg", name="ml")
LOCAL = Coordinates(subscription_id="l", resource_group="local", name="local")


@pytest.mark.parametrize("where", [AZURE, None])
def test_a_workspace_is_opened_for_its_project(
    where: Coordinates | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LocalServer(api="", page="", ca_file=tmp_path, token_file=tmp_path)
    opened: list[tuple[Coordinates, dict[str, Any]]] = []
    monkeypatch.setattr(pipeline, "connect", lambda place, **rest: opened.append((place, rest)))
    monkeypatch.setattr(pipeline, "start", lambda project: (LOCAL, server))
    pipeline.open_workspace(EnvFile(name="dev", project="shop", workspace=where), tmp_path)
    local = {} if where else {"local": server}
    assert opened == [(where or LOCAL, {"project": "shop", "root": tmp_path, **local})]
