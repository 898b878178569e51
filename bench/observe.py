"""What observing a large workspace takes, against listing the same with azure-ai-ml, which a user would do instead.

    python bench/observe.py          100 and 1,000 endpoints of five deployments, every answer delayed by 50 ms

A small ARM server in a process of its own answers over TLS from memory. Each measurement is a new process, so that its
memory is its own; times are medians without the start of Python, except where "process" is said.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import ipaddress
import json
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DELAY = 0.05
ROUNDS = 3
HOME = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.MachineLearningServices/workspaces/local"
)
CODE = f"{HOME}/codes/4e2c7a1e-0000-4000-8000-000000000001/versions/1"
NOTES = {"deployer-project": "bench", "deployer-code": f"sha256:{'ab' * 32} 4e2c7a1e-0000-4000-8000-000000000001:1"}
PROBE = {"failureThreshold": 30, "successThreshold": 1, "timeout": "PT2S", "period": "PT10S", "initialDelay": "PT10S"}
TIMES = {
    "createdAt": "2026-01-01T00:00:00+00:00",
    "createdBy": "somebody",
    "lastModifiedAt": "2026-01-01T00:00:00+00:00",
}


def endpoint(name: str) -> dict[str, Any]:
    """An endpoint as ARM answers it."""
    return {
        "id": f"{HOME}/onlineEndpoints/{name}",
        "name": name,
        "tags": NOTES,
        "location": "local",
        "kind": "Managed",
        "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"},
        "systemData": TIMES,
        "properties": {
            "authMode": "Key",
            "properties": {"azureml.onlineendpointid": f"{HOME}/onlineendpoints/{name}".lower()},
            "traffic": {"d0": 100},
            "mirrorTraffic": {},
            "publicNetworkAccess": "Enabled",
            "provisioningState": "Succeeded",
            "scoringUri": f"https://{name}.eastus.inference.ml.azure.com/score",
        },
    }


def deployment(owner: str, name: str) -> dict[str, Any]:
    """A deployment as ARM answers it."""
    return {
        "id": f"{HOME}/onlineEndpoints/{owner}/deployments/{name}",
        "name": name,
        "tags": NOTES,
        "location": "local",
        "kind": "Managed",
        "sku": {"name": "Default", "tier": "Standard", "capacity": 3},
        "systemData": TIMES,
        "properties": {
            "properties": {"AzureAsyncOperationUri": "https://management.azure.com/operation"},
            "codeConfiguration": {"codeId": CODE, "scoringScript": "score.py"},
            "environmentId": f"{HOME}/environments/sklearn/versions/3",
            "environmentVariables": {"AML_APP_ROOT": "/var/azureml-app/onlinescoring", "WORKERS": "2"},
            "model": f"{HOME}/models/digits/versions/7",
            "scaleSettings": {"scaleType": "Default"},
            "requestSettings": {
                "maxQueueWait": "PT0S",
                "requestTimeout": "PT5S",
                "maxConcurrentRequestsPerInstance": 1,
            },
            "livenessProbe": PROBE,
            "readinessProbe": PROBE,
            "instanceType": "Standard_DS3_v2",
            "appInsightsEnabled": False,
            "egressPublicNetworkAccess": "Enabled",
            "endpointComputeType": "Managed",
            "provisioningState": "Succeeded",
        },
    }


class Server:
    """Answers GETs from memory, each after a delay; counts requests and the connections open at once."""

    def __init__(self, endpoints: int) -> None:
        names = [f"endpoint-{number:04}" for number in range(endpoints)]
        self.list = self._answer({"value": [endpoint(name) for name in names]})
        self.requests = self.open = self.most = 0

    @staticmethod
    def _answer(body: Any) -> bytes:
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        return head.encode() + content

    def answer(self, path: str) -> bytes:
        """What stands at a path."""
        if path.startswith("/stats"):
            found = self._answer({"requests": self.requests, "connections": self.most})
            self.requests = self.most = 0
            return found
        self.requests += 1
        if "/deployments" not in path:
            return self.list
        owner = path.partition("/onlineEndpoints/")[2].partition("/")[0]
        return self._answer({"value": [deployment(owner, f"d{number}") for number in range(5)]})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the client closes it."""
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = self.answer(head.split(b" ", 2)[1].decode())
                await asyncio.sleep(DELAY)
                writer.write(found)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self.open -= 1


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(made.public_bytes(pem))
    (folder / "server.pem").write_bytes(secret + made.public_bytes(pem))
    (folder / "token").write_text("token")
    return folder / "server.pem"


async def run_server(endpoints: int, folder: Path) -> None:
    """Serve until killed; the port goes to stdout."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(folder))
    listening = await asyncio.start_server(Server(endpoints).serve, "127.0.0.1", 0, ssl=context)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


def site(folder: Path, port: int) -> Any:
    """The coordinates of the server."""
    from deployer.core.coordinates import Coordinates, LocalServer

    where = Coordinates(subscription_id="0" * 8 + "-0000-0000-0000-" + "0" * 12, resource_group="local", name="local")
    api = f"https://127.0.0.1:{port}"
    return where, LocalServer(api=api, page="", ca_file=folder / "ca.pem", token_file=folder / "token")


def observe(endpoints: int, folder: Path, port: int) -> int:
    """Observe everything with the deployer; the number of resources read."""
    from deployer.azureml import connect
    from deployer.core.workspace import Wanted

    where, local = site(folder, port)
    names = frozenset(f"endpoint-{number:04}" for number in range(endpoints))
    return len(connect(where, project="bench", root=folder, local=local).observe(Wanted(endpoints=names)).resources)


def list_with_sdk(folder: Path, port: int) -> int:
    """List everything with azure-ai-ml, one endpoint after the other."""
    os.environ["REQUESTS_CA_BUNDLE"] = str(folder / "ca.pem")
    from azure.ai.ml import MLClient

    from deployer.azureml.client import access_to

    where, local = site(folder, port)
    known = dict.fromkeys(
        ("azure_portal", "resource_manager", "active_directory", "aml_resource_id", "registry_discovery_endpoint"),
        local.api,
    )
    client = MLClient(
        access_to(where, local).tokens.credential,
        where.subscription_id,
        where.resource_group,
        where.name,
        cloud=f"bench-{port}",
        cloud_metadata={**known, "storage_endpoint": "local"},
        enable_telemetry=False,
    )
    found = list(client.online_endpoints.list())
    return len(found) + sum(len(list(client.online_deployments.list(item.name))) for item in found)


def measure(how: str, endpoints: int, folder: Path, port: int) -> None:
    """Do it once and print what it took."""
    start = time.perf_counter()
    count = observe(endpoints, folder, port) if how == "deployer" else list_with_sdk(folder, port)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {"seconds": seconds, "resources": count, "mb": memory / (1 << (20 if sys.platform == "darwin" else 10))}
        )
    )


def measured(how: str, endpoints: int, folder: Path, port: int, rounds: int) -> dict[str, float]:
    """Medians over some new processes, with what the server counted in the last."""
    import urllib3

    found = []
    for _ in range(rounds):
        command = [sys.executable, __file__, how, str(endpoints), str(folder), str(port)]
        start = time.perf_counter()
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append({**json.loads(ran.stdout), "process": time.perf_counter() - start})
    stats = (
        urllib3.PoolManager(ca_certs=str(folder / "ca.pem")).request("GET", f"https://127.0.0.1:{port}/stats").json()
    )
    middle = {key: statistics.median(item[key] for item in found) for key in found[0]}
    return {**middle, "requests": stats["requests"] / rounds, "connections": stats["connections"]}


def show(how: str, endpoints: int, result: dict[str, float]) -> None:
    """One line."""
    print(
        f"{how:9} {endpoints:5} endpoints: {result['seconds']:6.2f} s, process {result['process']:6.2f} s, "
        f"{result['mb']:4.0f} MB, {result['requests']:.0f} requests over at most {result['connections']:.0f} "
        f"connections, {result['resources']:.0f} resources"
    )


def main() -> None:
    """Measure both sizes with the deployer, the small one with the SDK too."""
    results = {}
    for how, endpoints, rounds in (("deployer", 100, ROUNDS), ("sdk", 100, 1), ("deployer", 1000, ROUNDS)):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "serve", str(endpoints), folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
                port = int((server.stdout or sys.stdin).readline())
                results[how, endpoints] = measured(how, endpoints, Path(folder), port, rounds)
                server.terminate()
        show(how, endpoints, results[how, endpoints])
    small, large, sdk = (results[key]["seconds"] for key in (("deployer", 100), ("deployer", 1000), ("sdk", 100)))
    print(f"against the SDK: {sdk / small:.1f} x as fast; ten times as many endpoints: {large / small:.1f} x the time")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arguments", nargs="*")
    match parser.parse_args().arguments:
        case ["serve", endpoints, folder]:
            asyncio.run(run_server(int(endpoints), Path(folder)))
        case [how, endpoints, folder, port]:
            measure(how, int(endpoints), Path(folder), int(port))
        case _:
            main()
