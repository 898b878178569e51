"""What a plan costs against the SDK: the whole process, and the requests.

    python bench/plan.py            rounds of both, interleaved; medians, and their ratio

Both ask the same local workspace, which runs one endpoint with one deployment. The other side is what a user would
write instead: import azure.ai.ml, get the endpoint, list its deployments. Then an apply that has nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 0.5
ENDPOINTS, ASSETS = 1, 1
WITH_SDK = """
import sys
from azure.ai.ml import MLClient
from azure.core.credentials import AccessToken

class Credential:
    def get_token(self, *scopes, **_):
        return AccessToken(sys.argv[2], 2**31)

base = sys.argv[1]
names = ("azure_portal", "resource_manager", "active_directory", "aml_resource_id", "registry_discovery_endpoint")
metadata = dict.fromkeys(names, base) | {"storage_endpoint": "local"}
client = MLClient(Credential(), *sys.argv[3:6], cloud="bench", cloud_metadata=metadata, enable_telemetry=False)
print(client.online_endpoints.get("bench").provisioning_state)
print([item.name for item in client.online_deployments.list("bench")])
"""
SPECS = {
    "env/local": {"project": "bench", "workspace": "local"},
    "endpoint": {"name": "bench", "auth_mode": "key", "traffic": {"blue": 100}},
    "environment": {
        "name": "bench",
        "version": 1,
        "image": "mcr.microsoft.com/azureml/minimal-py311-inference:latest",
        "conda_file": "../conda.yml",
    },
    "blue": {
        "name": "blue",
        "endpoint_name": "bench",
        "environment": "azureml:bench:1",
        "code_configuration": {"code": "../code", "scoring_script": "score.py"},
        "instance_type": "Standard_DS3_v2",
        "instance_count": 1,
    },
}


def write_project(folder: Path) -> None:
    """An endpoint with one deployment of a constant scoring script."""
    for name, members in SPECS.items():
        file = folder / "specs" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(members))
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return 7\n")
    (folder / "conda.yml").write_text("dependencies: [python=3.11, {pip: [azureml-inference-server-http]}]\n")


def deployer(folder: Path, *words: str) -> str:
    """The command as a user's shell starts it; its output."""
    program = Path(sys.executable).with_name("deployer")
    call = [str(program), *words, "--project", str(folder)]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sdk_command(local: Path) -> Sequence[str]:
    """The script over the SDK, as a command."""
    said = json.loads((local / "connection.json").read_text())
    place = said["workspace"]
    names = [place["subscription_id"], place["resource_group"], place["name"]]
    return [sys.executable, "-c", WITH_SDK, said["api"], (local / "token").read_text(), *names]


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def requests_of(local: Path, work: Callable[[], object]) -> Counter[str]:
    """The methods of the requests that the local workspace noted meanwhile."""
    log = local / "requests.jsonl"
    before = len(log.read_text().splitlines())
    work()
    return Counter(json.loads(line)["method"] for line in log.read_text().splitlines()[before:])


def measure(folder: Path, rounds: int) -> bool:
    """Print both numbers; whether they are within their limits."""
    local = folder / ".deployer" / "local"
    command, environment = sdk_command(local), os.environ | {"REQUESTS_CA_BUNDLE": str(local / "ca.pem")}

    def with_sdk() -> None:
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert "blue" in done.stdout, done.stderr

    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: deployer(folder, "plan")))
        theirs.append(seconds(with_sdk))
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"deployer plan, no change       {mine * 1e3:7.0f} ms   whole process, median of {rounds}")
    print(f"azure.ai.ml, get and list      {other * 1e3:7.0f} ms   whole process, median of {rounds}")
    print(f"ratio                          {mine / other:7.2f}      at most {LIMIT}")
    sent = requests_of(local, lambda: deployer(folder, "apply"))
    reads, writes = sent["GET"], sum(sent.values()) - sent["GET"]
    most = 1 + ENDPOINTS + ASSETS
    print(f"no-op apply                    {reads:4} reads (at most 1 + N + A = {most}), {writes} writes (none)")
    return mine / other <= LIMIT and reads <= most and not writes


def main() -> int:
    """Exit code 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="deployer-bench-") as name:
        folder = Path(name)
        write_project(folder)
        try:
            deployer(folder, "apply")
            return 0 if measure(folder, rounds) else 1
        finally:
            deployer(folder, "local", "down")


if __name__ == "__main__":
    sys.exit(main())
