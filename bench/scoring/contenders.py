"""What is measured: servers around the same model, each in a virtualenv of its own that uv makes here."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent / "scripts"
SERVING = ("score.py", "contract.py", "engines.py", "images.py", "ink.py", "refusal.py")

TWO_WORKERS = ", 2 workers"
"""How the names of contenders with a worker a core end; all others have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server: how it is started on `port`, and where it answers."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    path: str = "/score"
    key: str = "data"
    """MLflow takes its images under `inputs`, as a list."""
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A started contender: the seconds it took to answer, and the process that leads its session."""

    contender: Contender
    pid: int
    boot: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def virtualenv(work: Path, name: str, requirements: tuple[str, ...]) -> Path:
    """A virtualenv in `work`, made once for these requirements."""
    folder = work / f"venv-{name}"
    complete = folder / "complete"
    if not complete.exists() or complete.read_text() != "\n".join(requirements):
        uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "-q", "--clear", "-p", "3.11", str(folder)], check=True)
        install = [uv, "pip", "install", "-q", "--compile-bytecode", "-p", str(folder / "bin" / "python")]
        subprocess.run([*install, *requirements], check=True)
        complete.write_text("\n".join(requirements))
    return folder


def conda_requirements(name: str) -> tuple[str, ...]:
    """The pip part of one of the example's environments."""
    text = (ROOT / "scoring" / name).read_text()
    return tuple(re.findall(r"^ +- (\S+==\S+)$", text, re.MULTILINE))


def on_inference_server(
    work: Path, name: str, venv: Path, script: Path, model_dir: Path, workers: int = 1
) -> Contender:
    """`script` on Microsoft's inference server, with the logs that its own command turns on."""
    port = free_port()
    app = "azureml_inference_server_http.server.entry:app"
    gunicorn = (
        str(venv / "bin" / "gunicorn"),
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        str(workers),
        "--no-control-socket",
        "--access-logfile",
        "-",
    )
    environment = {
        "AML_APP_ROOT": str(script.parent),
        "AZUREML_ENTRY_SCRIPT": str(script),
        "AZUREML_MODEL_DIR": str(model_dir),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return Contender(name=name, command=(*gunicorn, app), environment=environment, port=port, log=work / f"{name}.log")


def ours(work: Path) -> list[Contender]:
    """The floor, the scoring script on both engines, and the tutorial's script on a .keras file of the same weights."""
    light = virtualenv(work, "light", conda_requirements("conda.yml"))
    full = virtualenv(work, "tensorflow", conda_requirements("conda-tensorflow.yml"))
    code, keras, without = work / "code", work / "keras", work / "savedmodel"
    for folder in (code, keras, without):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    for name in SERVING:
        shutil.copyfile(ROOT / "scoring" / name, code / name)
    subprocess.run([light / "bin" / "python", "-m", "compileall", "-q", code], check=True)
    source = ROOT / "scoring" / "model"
    shutil.copytree(source / "INPUT_model", without / "INPUT_model", ignore=shutil.ignore_patterns("*.tflite"))
    convert = [full / "bin" / "python", SCRIPTS / "to_keras.py", source / "INPUT_model", keras / "digits.keras"]
    subprocess.run(convert, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    return [
        on_inference_server(work, "constant", light, SCRIPTS / "constant.py", source),
        on_inference_server(work, "LiteRT", light, code / "score.py", source),
        on_inference_server(work, "LiteRT" + TWO_WORKERS, light, code / "score.py", source, workers=2),
        on_inference_server(work, "TensorFlow", full, code / "score.py", without),
        on_inference_server(work, "tutorial", full, SCRIPTS / "tutorial.py", keras),
    ]


def others(work: Path) -> list[Contender]:
    """LitServe, BentoML and MLflow with one worker each and LitServe with two, around the same checks and model."""
    light = [pin for pin in conda_requirements("conda.yml") if not pin.startswith("azureml-inference-server")]
    venvs = {name: virtualenv(work, name, (name, *light)) for name in ("litserve", "bentoml", "mlflow")}
    venvs["litserve" + TWO_WORKERS] = venvs["litserve"]
    environment = {
        "AZUREML_MODEL_DIR": str(ROOT / "scoring" / "model"),
        "PYTHONPATH": str(ROOT),
        "BENTOML_DO_NOT_TRACK": "1",
    }
    saved = work / "mlflow-model"
    shutil.rmtree(saved, ignore_errors=True)
    save = [venvs["mlflow"] / "bin" / "python", SCRIPTS / "mlflow_app.py", saved]
    subprocess.run(save, check=True, env={**os.environ, **environment}, capture_output=True)
    ports = {name: free_port() for name in venvs}
    return [
        Contender(
            name=name,
            command=_command_of(name, venv / "bin", ports[name], saved),
            environment={**environment, "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"},
            port=ports[name],
            path="/invocations" if name == "mlflow" else "/score",
            key="inputs" if name == "mlflow" else "data",
            log=work / f"{name}.log",
        )
        for name, venv in venvs.items()
    ]


def _command_of(name: str, tools: Path, port: int, saved: Path) -> tuple[str, ...]:
    address = ("--host", "127.0.0.1", "--port", str(port))
    workers = "2" if name.endswith(TWO_WORKERS) else "1"
    match name.removesuffix(TWO_WORKERS):
        case "litserve":
            return (f"{tools}/python", str(SCRIPTS / "litserve_app.py"), str(port), workers)
        case "bentoml":
            return (f"{tools}/bentoml", "serve", "--working-dir", str(SCRIPTS), "bentoml_app:Digits", *address)
        case _:
            local = ("--env-manager", "local", "--workers", workers)
            return (f"{tools}/mlflow", "models", "serve", "--model-uri", str(saved), *local, *address)


@contextmanager
def started(contender: Contender) -> Iterator[Running]:
    """`contender`, answering; its whole session ends with the block."""
    begin = time.perf_counter()
    environment = {**os.environ, **contender.environment}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # with it every start would compile all modules again
    with contender.log.open("wb") as log:
        process = subprocess.Popen(
            contender.command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=contender.log.parent
        )
    try:
        _await(contender, process)
        yield Running(contender=contender, pid=process.pid, boot=time.perf_counter() - begin)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        with suppress(ProcessLookupError):  # LitServe's worker outlives its server and keeps a core busy
            os.killpg(process.pid, signal.SIGKILL)


def _await(contender: Contender, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Return once a GET of / is answered: the inference server listens first and answers when its script is ready."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise SystemExit(f"{contender.name} ended while starting; see {contender.log}")
        try:
            connection = HTTPConnection(f"127.0.0.1:{contender.port}", timeout=seconds)
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.005)
        else:
            return
    raise SystemExit(f"{contender.name} did not answer within {seconds:g} s; see {contender.log}")


def worker_megabytes(pid: int) -> float:
    """Resident memory of the largest child of `pid`, in millions of bytes (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children]
    return max(pages, default=0) * os.sysconf("SC_PAGE_SIZE") / 1e6
