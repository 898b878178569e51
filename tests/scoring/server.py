"""The real inference server around the folder that would be uploaded, on a socket of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pathspec

ROOT = Path(__file__).resolve().parents[2]
READY = "ready for serving traffic"


class OverSocket(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=300)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Server:
    """A running inference server with one worker."""

    process: subprocess.Popen[str]
    socket: Path
    lines: list[str] = field(default_factory=list)
    line_came: threading.Condition = field(default_factory=threading.Condition)

    def send(self, body: bytes, method: str = "POST", headers: Mapping[str, str] | None = None) -> Reply:
        """One request to /score."""
        connection = OverSocket(self.socket)
        connection.request(method, "/score", body, {"content-type": "application/json", **(headers or {})})
        return reply(connection.getresponse())

    def wait_for(self, text: str, seconds: float = 300) -> str:
        """The first line of the log that holds `text`."""
        with self.line_came:
            self.line_came.wait_for(lambda: self.process.poll() is not None or self._find(text), seconds)
        line = self._find(text)
        assert line is not None, f"no line with {text!r} in:\n" + "".join(self.lines)
        return line

    def _find(self, text: str) -> str | None:
        return next((line for line in self.lines if text in line), None)

    def worker_rss(self) -> int:
        """Resident bytes of the worker process (Linux)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        statm = Path(f"/proc/{children[0]}/statm").read_text().split()
        return int(statm[1]) * os.sysconf("SC_PAGE_SIZE")


def reply(response: HTTPResponse) -> Reply:
    """`response`, read whole."""
    return Reply(status=response.status, headers=dict(response.getheaders()), body=response.read())


def uploaded(folder: Path) -> list[Path]:
    """The files of `folder` that its .amlignore leaves for the upload, relative to it."""
    ignored = pathspec.PathSpec.from_lines("gitwildmatch", (folder / ".amlignore").read_text().splitlines())
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if not ignored.match_file(path)]


def upload(target: Path) -> None:
    """Copy into `target` what a deployment gets of scoring/."""
    for path in uploaded(ROOT / "scoring"):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "scoring" / path, target / path)


@contextmanager
def serving(folder: Path, model_dir: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The inference server over a fresh upload in `folder`, perhaps not ready yet; ended by its process id."""
    code = folder / "code"
    code.mkdir()
    upload(code)
    registered = folder / "models" / "digits" / "1"  # the server reads name and version off the path
    registered.parent.mkdir(parents=True)
    registered.symlink_to(model_dir.resolve())
    address = folder / "socket"
    server = Server(process=_started(code, registered, address, environment or {}), socket=address)
    reader = threading.Thread(target=_collect, args=(server,), daemon=True)
    reader.start()
    try:
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(120)
        reader.join(120)


def _started(code: Path, model_dir: Path, address: Path, more: Mapping[str, str]) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "AML_APP_ROOT": str(code),
        "AZUREML_ENTRY_SCRIPT": str(code / "score.py"),
        "AZUREML_MODEL_DIR": str(model_dir),
        **more,
    }
    environment.pop("PYTHONPATH", None)
    app = "azureml_inference_server_http.server.entry:app"
    command = [sys.executable, "-m", "gunicorn", "-b", f"unix:{address}", "-w", "1", "--no-control-socket", app]
    return subprocess.Popen(
        command, cwd=code, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _collect(server: Server) -> None:
    assert server.process.stdout is not None
    for line in server.process.stdout:
        with server.line_came:
            server.lines.append(line)
            server.line_came.notify_all()
    server.process.wait()
    with server.line_came:
        server.line_came.notify_all()
