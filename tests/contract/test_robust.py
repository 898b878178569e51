"""The server dies, is started twice, finds its port taken, its disk full, its pid file stale."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deployer.local_workspace.__main__ import main
from deployer.local_workspace.commands import everywhere
from tests.contract.conftest import PROJECT, Workspace

LISTEN = "0A"
"""The state of a listening socket in /proc/net/tcp."""
IDENTITY = {"type": "SystemAssigned"}
ENDPOINT = {"location": "local", "identity": IDENTITY, "properties": {"authMode": "Key"}}


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command of the local workspace."""
    command = [sys.executable, "-m", "deployer.local_workspace", *arguments, "--root", str(root)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server is ended, whatever became of the test."""
    yield tmp_path / "local"
    run(tmp_path / "local", "down")


def test_up_twice_status_down_reset(root: Path) -> None:
    first = run(root, "up", "--json")
    assert first.returncode == 0, first.stderr
    connection = json.loads(first.stdout)
    assert json.loads(run(root, "up", "--json").stdout)["pid"] == connection["pid"]
    assert connection == json.loads((root / "connection.json").read_text())
    assert run(root, "status").returncode == 0
    down = run(root, "down")
    assert (down.returncode, down.stdout) == (0, "local workspace stopped\n")
    assert (run(root, "status").returncode, run(root, "down").stdout) == (1, "local workspace is not running\n")
    assert json.loads(run(root, "up", "--json").stdout)["api"] == connection["api"], "the ports are remembered"
    assert run(root, "reset").returncode == 0
    assert sorted(path.name for path in root.iterdir()) == ["ports.json", "server.lock", "start.lock"]


def test_workspaces_of_deleted_folders_are_listed_and_ended(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = json.loads(run(root, "up", "--json").stdout)["pid"]
    listed = [each for each in json.loads(run(root, "list", "--json").stdout)["running"] if each["root"] == str(root)]
    assert [(each["pid"], each["deleted"], each["bytes"] > 1000) for each in listed] == [(pid, False, True)]
    shutil.rmtree(root)
    assert f"process {pid}, for 0 min, its folder was deleted: {root}\n" in run(root, "list").stdout
    mine = [each for each in everywhere.running() if each.root == root]
    monkeypatch.setattr(everywhere, "running", lambda: mine)  # others' are not ours to end
    assert main(["down", "--all", "--root", str(root)]) == 0
    monkeypatch.undo()
    assert not [each for each in everywhere.running() if each.root == root]
    assert everywhere.end(mine) == 0


def test_nobody_elses_process_is_taken_for_a_workspace(tmp_path: Path) -> None:
    words = ["-c", "input()", "-m", "deployer.local_workspace", "serve", "--root", str(tmp_path)]
    with subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE) as stranger:
        found = everywhere.running()
        assert stranger.pid not in {each.pid for each in found}
        assert everywhere.end([everywhere.Running(pid=stranger.pid, root=tmp_path, seconds=0)]) == 0
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_environments_are_removed_when_nothing_runs_in_them(root: Path) -> None:
    run(root, "up")
    built = root / "environments" / "abc"
    built.mkdir(parents=True)
    (built / "big").write_bytes(bytes(3_000_000))
    refused = run(root, "prune")
    assert (refused.returncode, "stop it first with `down`" in refused.stderr) == (1, True)
    run(root, "down")
    assert run(root, "prune").stdout == f"3 MB of environments removed: {root / 'environments'}\n"
    assert not (root / "environments").exists()
    assert (root / "state.db").exists()
    assert run(root, "prune", "--json").stdout == '{"bytes": 0}\n'


def test_secrets_are_for_their_owner_alone(root: Path) -> None:
    run(root, "up")
    for name in ("connection.json", "token", "admin-key", "page-key", "server.pem", "state.db", "requests.jsonl"):
        assert (root / name).stat().st_mode & 0o777 == 0o600, name
    assert root.stat().st_mode & 0o777 == 0o700


def test_many_starts_at_once_make_one_server(root: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: run(root, "up", "--json"), range(4)))
    assert {item.returncode for item in found} == {0}
    assert len({json.loads(item.stdout)["pid"] for item in found}) == 1


def test_serve_says_that_another_server_runs(root: Path) -> None:
    pid = json.loads(run(root, "up", "--json").stdout)["pid"]
    second = run(root, "serve")
    assert second.returncode == 1
    assert second.stderr == f"error: a local workspace is already running here, as process {pid}\n"


def test_a_stale_pid_file_harms_nobody(root: Path) -> None:
    root.mkdir()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (root / "server.lock").write_text(str(stranger.pid))
        connection = {"pid": stranger.pid, "api": "https://127.0.0.1:1", "page": "http://127.0.0.1:2/"}
        (root / "connection.json").write_text(json.dumps(connection))
        assert run(root, "down").stdout == "local workspace is not running\n"
        assert stranger.poll() is None
        assert json.loads(run(root, "up", "--json").stdout)["pid"] != stranger.pid
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_named_with_the_way_out(root: Path) -> None:
    before = json.loads(run(root, "up", "--json").stdout)
    run(root, "down")
    port = int(before["api"].rpartition(":")[2])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        refused = run(root, "up")
        assert refused.returncode == 1
        assert refused.stderr.startswith(
            f"error: port {port} of the local workspace (api) is taken by another program;"
        )
        assert "--new-ports" in refused.stderr
        assert json.loads(run(root, "up", "--new-ports", "--json").stdout)["api"] != before["api"]


def test_wrong_usage_is_64_and_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    assert run(tmp_path, "up", "--nonsense").returncode == 64
    (tmp_path / "file").write_text("")
    refused = run(tmp_path / "file" / "local", "up")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: `up` failed: ")
    assert refused.stderr.count("\n") == 1


def test_a_broken_database_is_one_sentence(root: Path) -> None:
    root.mkdir()
    (root / "state.db").write_bytes(b"this is no database" * 100)
    refused = run(root, "up")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: cannot open {root}/state.db: file is not a database; ")


def test_a_killed_server_has_kept_every_write_it_acknowledged(workspace: Workspace) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()

    def write() -> None:
        for number in range(1_000):
            name = f"e{number:03}"
            try:
                if (
                    workspace.ask("PUT", f"/environments/{name}/versions/1", {"properties": {"image": name}}).status
                    == 201
                ):
                    acknowledged.append(name)
            except OSError:
                return
            if number == 40:
                enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(120)
    workspace.kill()
    writer.join()
    workspace.start()
    for name in acknowledged:
        assert workspace.ask("GET", f"/environments/{name}/versions/1").body["properties"]["image"] == name
    logged = [line["path"] for line in workspace.requests() if line["method"] == "PUT"]
    assert len(logged) >= len(acknowledged)


def test_a_killed_server_goes_on_with_its_operations(workspace: Workspace, serving_assets: dict[str, object]) -> None:
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    workspace.ask("PUT", "/onlineEndpoints/one/deployments/blue", serving_assets)
    workspace.until("/onlineEndpoints/one/deployments/blue", "Succeeded")
    hang = {"path": "deployments/green$", "method": "PUT", "operation": "hang"}
    assert workspace.admin("POST", "faults", hang).status == 200
    started = workspace.ask("PUT", "/onlineEndpoints/one/deployments/green", serving_assets)
    operation = started.headers["azure-asyncoperation"].removeprefix(workspace.connection["api"])
    workspace.kill()
    workspace.start()
    assert workspace.until("/onlineEndpoints/one/deployments/blue", "Succeeded")
    assert workspace.ask("GET", f"/{operation}").body["status"] == "Updating"
    assert workspace.admin("DELETE", "faults").status == 200
    assert workspace.until("/onlineEndpoints/one/deployments/green", "Succeeded")
    assert workspace.ask("GET", f"/{operation}").body["status"] == "Succeeded"


def test_what_served_is_updating_until_it_serves_again(workspace: Workspace, serving_assets: dict[str, object]) -> None:
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    properties = serving_assets["properties"]
    assert isinstance(properties, dict)
    properties["codeConfiguration"]["scoringScript"] = "held.py"
    path = "/onlineEndpoints/one/deployments/blue"
    workspace.ask("PUT", path, serving_assets)
    workspace.until(path, "Succeeded")
    workspace.kill()
    (workspace.root / "hold").touch()
    workspace.start()
    assert workspace.ask("GET", path).body["properties"]["provisioningState"] == "Updating"
    assert workspace.ask("PUT", path, serving_assets).status == 409
    (workspace.root / "hold").unlink()
    assert workspace.until(path, "Succeeded")


def test_an_open_connection_does_not_hold_up_the_end(workspace: Workspace) -> None:
    port = int(workspace.connection["api"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        workspace.end()
    assert not (workspace.root / "connection.json").exists()


def test_a_wrong_token_is_refused_everywhere(workspace: Workspace) -> None:
    for path in ("/onlineEndpoints", "", "/models/m/versions", "//nowhere"):
        refused = workspace.ask("GET", path, token="wrong")
        assert (refused.status, refused.body["error"]["code"]) == (401, "InvalidAuthenticationToken"), path
    assert workspace.ask("GET", "//store.blob.local/container/blob").status == 403
    assert workspace.ask("GET", "//admin/faults").status == 401


def listening(pid: int) -> Iterator[str]:
    """The addresses on which a process accepts connections, by what /proc says of its sockets."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            sockets.add(str(descriptor.readlink()))
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == LISTEN and f"socket:[{rest[5]}]" in sockets:
                address, port = local.split(":")
                host = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if table == "tcp" else address
                yield f"{host}:{int(port, 16)}"


@pytest.mark.skipif(sys.platform != "linux", reason="what a process listens to is read in /proc, which only Linux has")
def test_only_loopback_is_listened_to(workspace: Workspace) -> None:
    assert workspace.process is not None
    assert sorted(listening(workspace.process.pid)) == sorted(
        f"127.0.0.1:{urlsplit(workspace.connection[name]).port}" for name in ("api", "page")
    )


def test_a_full_disk_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    limited = Workspace(root=tmp_path / "local").start()
    try:
        assert limited.process is not None
        resource = pytest.importorskip("resource")
        if not hasattr(resource, "prlimit"):
            pytest.skip("the size of files can be limited from outside on Linux only")
        secrets = limited.ask("POST", "/datastores/workspaceblobstore/listSecrets", {"expirableSecret": True})
        container = limited.ask("GET", "/datastores/workspaceblobstore").body["properties"]["containerName"]
        limit = (limited.root / "state.db-wal").stat().st_size
        resource.prlimit(limited.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        body = {"properties": {"image": "x" * 100_000}}
        refused = limited.ask("PUT", "/environments/e/versions/1", body)
        assert (refused.status, refused.body["error"]["code"]) == (507, "InsufficientStorage"), refused.body
        blob = f"//store.blob.local/{container}/large?{secrets.body['sasToken']}"
        refused = limited.ask("PUT", blob, b"x" * (limit + 1))
        assert (refused.status, refused.headers["x-ms-error-code"]) == (507, "InsufficientStorage")
        assert not list((limited.root / "blobs" / container).iterdir())
        resource.prlimit(limited.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert limited.ask("PUT", blob, b"x" * (limit + 1)).status == 201
        assert limited.ask("GET", "/environments/e/versions/1").status == 404
        assert limited.ask("PUT", "/environments/e/versions/1", body).status == 201
    finally:
        limited.end()


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("deployer.local_workspace.__main__", ("asyncio", "starlette", "uvicorn", "cryptography", "ssl")),
        ("deployer.local_workspace.server", ("azure", "cryptography", "jinja2", "requests")),
    ],
)
def test_nothing_heavy_is_imported(module: str, heavy: tuple[str, ...]) -> None:
    """What runs at every command needs click alone; the server never needs the SDK."""
    loads = "deployer.local_workspace.server.real_data_plane()" if module.endswith("server") else ""
    program = f"import sys, {module}\n{loads}\nprint([name for name in {heavy} if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert said.stdout == "[]\n"


def test_sigint_ends_it_as_well(workspace: Workspace) -> None:
    assert workspace.process is not None
    workspace.process.send_signal(signal.SIGINT)
    assert workspace.process.wait(120) == 0
