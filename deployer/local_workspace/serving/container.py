"""The command line and environment variables of a workload's inference server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployer.local_workspace.ports import Workload, WorkloadFailed
from deployer.local_workspace.serving.in_container import gunicorn_hooks
from deployer.local_workspace.serving.process_groups import Command
from deployer.local_workspace.serving.replica import Container
from deployer.local_workspace.serving.virtualenvs import Environment

PASSED_ON = {
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
}
"""Variables of the user that a scoring script gets to see; anything else may be a secret."""

APP = "azureml_inference_server_http.server.entry:app"

MLFLOW_PACKAGES = ("azureml-inference-server-http", "mlflow")
"""What Azure's image adds to the conda file of an MLflow model that is served without a script."""

SCORING_GRACE_MS = 250
"""The front door gives up first, so that a slow answer is its 408 and not an error of the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the inference server runs for a workload: the script `script` in `folder`, working in `works_in`."""

    folder: Path
    script: str
    works_in: Path
    variables: Mapping[str, str]


def container(
    workload: Workload, environment: Environment, *, home: Path, socket: Path, log: Path, pid_file: Path
) -> Container:
    """How to serve `workload`. Raises WorkloadFailed where the server, the script or the model is missing."""
    served = _mlflow(workload, environment, home) if is_without_script(workload) else _scoring_script(workload)
    server = {
        "AML_APP_ROOT": str(served.folder),
        "AZUREML_ENTRY_SCRIPT": served.script,
        "HTTP_X_MS_SERVER_VERSION": f"azmlinfsrv/{_server_version(environment)}",
        "SCORING_TIMEOUT_MS": str(workload.request_timeout_ms + SCORING_GRACE_MS),
    }
    return Container(
        command=Command(
            argv=_gunicorn(workload, environment, socket),
            env={**_variables(workload, environment, home), **served.variables, **server},
            cwd=served.works_in,
        ),
        socket=socket,
        health_path="/",
        score_path="/score",
        log=log,
        pid_file=pid_file,
        liveness=workload.liveness_probe,
        readiness=workload.readiness_probe,
        startup=workload.startup_probe,
    )


def conda_file(workload: Workload) -> str | None:
    """The conda file of the environment, or the one an MLflow model brings along."""
    if workload.conda_file is not None or not workload.is_mlflow_model:
        return workload.conda_file
    packages = _mlflow_folder(workload) / "conda.yaml"
    return packages.read_text() if packages.is_file() else "dependencies: []"


def added_packages(workload: Workload) -> tuple[str, ...]:
    """What is installed beside the conda file, unless it names them: only where the model brings that file."""
    return MLFLOW_PACKAGES if is_without_script(workload) and workload.conda_file is None else ()


def is_without_script(workload: Workload) -> bool:
    """Whether Azure generates the scoring script."""
    return workload.is_mlflow_model and workload.scoring_script is None


def _server_version(environment: Environment) -> str:
    version = environment.version("azureml_inference_server_http")
    if version is None:
        raise WorkloadFailed(
            "ImageBuildFailure",
            "The environment has no azureml-inference-server-http, which runs the scoring script: "
            "add the line `- azureml-inference-server-http` under `pip:` in its conda file.",
        )
    return version


def _scoring_script(workload: Workload) -> Application:
    if workload.code_dir is None or workload.scoring_script is None:
        raise WorkloadFailed(
            "BadArgument", "The deployment has no code_configuration: name its code and scoring_script."
        )
    if not (workload.code_dir / workload.scoring_script).is_file():
        raise WorkloadFailed(
            "BadArgument", f"There is no scoring script {workload.scoring_script!r} in the uploaded code."
        )
    folder = workload.code_dir
    return Application(folder=folder, script=workload.scoring_script, works_in=folder, variables={})


def _mlflow(workload: Workload, environment: Environment, home: Path) -> Application:
    """An MLflow model behind a script of ours that answers as the one that Azure generates.

    It works in `home`: MLflow keeps a folder `mlruns` wherever it works, which must not be in this package.
    """
    if environment.version("mlflow") is None:
        raise WorkloadFailed(
            "ImageBuildFailure",
            "The environment has no mlflow, which loads the MLflow model: add the line `- mlflow` under `pip:` in its "
            "conda file, or a scoring script to the deployment.",
        )
    if environment.version("azureml_ai_monitoring") is None and workload.conda_file is not None:
        raise WorkloadFailed(
            "ImageBuildFailure",
            "The scoring script that Azure generates for an MLflow model imports azureml-ai-monitoring, and the "
            "environment has none: add the line `- azureml-ai-monitoring` under `pip:` in its conda file.",
        )
    script = Path(gunicorn_hooks.__file__).with_name("mlflow_score.py")
    folder = {"MLFLOW_MODEL_FOLDER": _mlflow_folder(workload).name}
    return Application(folder=script.parent, script=script.name, works_in=home, variables=folder)


def _mlflow_folder(workload: Workload) -> Path:
    """The folder of the model, which holds its file `MLmodel`."""
    for found in sorted(workload.model_dir.glob("*/MLmodel")) if workload.model_dir is not None else ():
        return found.parent
    raise WorkloadFailed("BadArgument", "The MLflow model has no file `MLmodel` at the top of its folder.")


def worker_count(workload: Workload) -> int:
    """One worker for each request at a time, or WORKER_COUNT, as far as this machine has processors (but at least two).

    https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online#requestsettings
    """
    asked = workload.environment_variables.get("WORKER_COUNT", "")
    at_once = workload.max_concurrent_requests_per_instance * workload.instance_count
    return max(1, min(int(asked) if asked.isdecimal() else at_once, max(2, os.cpu_count() or 2)))


def _gunicorn(workload: Workload, environment: Environment, socket: Path) -> tuple[str, ...]:
    """What `azmlinfsrv` itself runs, but on a private socket, and ended with us.

    See azureml_inference_server_http/amlserver_linux.py in the package azureml-inference-server-http.
    """
    variables = workload.environment_variables
    preload = ("--preload",) if variables.get("WORKER_PRELOAD", "").lower() == "true" else ()
    return (
        *(str(environment.python), "-m", "gunicorn", "--config", gunicorn_hooks.__file__, *preload),
        *("--bind", f"unix:{socket}", "--workers", str(worker_count(workload))),
        *("--timeout", variables.get("WORKER_TIMEOUT", "300")),
        *("--access-logfile", "-", "--error-logfile", "/dev/null", APP),
    )


def _variables(workload: Workload, environment: Environment, home: Path) -> Mapping[str, str]:
    passed_on = {name: value for name, value in os.environ.items() if name in PASSED_ON}
    model = {"AZUREML_MODEL_DIR": str(workload.model_dir)} if workload.model_dir is not None else {}
    return {
        "LANG": "C.UTF-8",
        **passed_on,
        "HOME": str(home),
        "PATH": os.pathsep.join((str(environment.python.parent), os.defpath)),
        "VIRTUAL_ENV": str(environment.python.parent.parent),
        "PYTHONUNBUFFERED": "1",
        **workload.environment_variables,
        **model,
    }
