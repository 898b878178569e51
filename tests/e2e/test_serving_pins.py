"""Environments that Azure starts, start: servers, gunicorns and Pythons of other years."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.local_workspace.serving.interpreters import suited
from tests.e2e.serving import changed, run, workload, workspace

SERVER = "azureml-inference-server-http"
PINS = {
    "server 1.5": (f"{SERVER}==1.5.1", ""),
    "server 1.4": (f"{SERVER}==1.4.1", ""),
    "server 1.3": (f"{SERVER}==1.3.4", ""),
    "server 1.2, gunicorn 22": (f"{SERVER}==1.2.2", ""),
    "server 1.0, gunicorn 20": (f"{SERVER}==1.0.0", ""),
    "server 0.8": (f"{SERVER}==0.8.4.2", ""),
    "gunicorn 23": (f"{SERVER}==1.3.4, gunicorn==23.0.0", ""),
    "gunicorn 24": (f"{SERVER}==1.4.0, gunicorn==24.1.1", ""),
    "gunicorn 25.0": (f"{SERVER}==1.4.0, gunicorn==25.0.3", ""),
    "gunicorn 25.1": (f"{SERVER}==1.4.0, gunicorn==25.1.0", ""),
    "defaults 1.60": ("azureml-defaults==1.60.0", ""),
    "defaults 1.56": ("azureml-defaults==1.56.0.post1", "3.10"),
    "defaults 1.53, the tutorial's": ("azureml-defaults==1.53.0", "3.9"),
    "Python 3.8": (SERVER, "3.8"),
    "Python 3.12": (SERVER, "3.12"),
    "Python 3.13": (SERVER, "3.13"),
}
OFTEN = {"server 1.2, gunicorn 22"}
"""What every run of the tests asks; the rest takes minutes, and is long."""


@pytest.mark.parametrize("name", [pytest.param(pin, marks=() if pin in OFTEN else pytest.mark.long) for pin in PINS])
def test_an_environment_that_azure_starts_starts(name: str, serving_root: Path, tmp_path: Path) -> None:
    pins, python = PINS[name]
    if python and suited(f"=={python}.*") is None:
        pytest.skip(f"there is no Python {python} on this machine")
    wanted = f"python={python}, " if python else ""

    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            answers = "import sys; return list(sys.version_info[:2])"
            conda = f"dependencies: [{wanted}{{pip: [{pins}]}}]\n"
            await stand.put(changed(workload(tmp_path, body=answers), conda_file=conda))
            stand.traffic = {"blue": 100}
            answer = await client.score()
            assert answer.status == 200, answer.data
            assert not python or answer.json() == [int(part) for part in python.split(".")]

    run(body())
