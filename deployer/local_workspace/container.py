"""The command line and the variables by which an inference server is started for a workload."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deployer.local_workspace import gunicorn_hooks
from deployer.local_workspace.environments import Environment
from deployer.local_workspace.ports import Workload, WorkloadFailed
from deployer.local_workspace.process import Command
from deployer.local_workspace.replica import Container

PASSED_ON = {
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
}
"""Variables of the user that a scoring script gets to see; anything else may be a secret."""

SCORING_GRACE_MS = 250
"""The front door gives up first, so that a slow answer is its 408 and not an error of the model."""


def container(
    workload: Workload, environment: Environment, *, home: Path, socket: Path, log: Path, pid_file: Path
) -> Container:
    """How to serve `workload`. Raises WorkloadFailed where the server or the script is missing."""
    version = environment.version("azureml_inference_server_http")
    if version is None:
        raise WorkloadFailed(
            "ImageBuildFailure",
            "The environment has no azureml-inference-server-http, which runs the scoring script: "
            "add the line `- azureml-inference-server-http` under `pip:` in its conda file.",
        )
    if workload.code_dir is None or workload.scoring_script is None:
        raise WorkloadFailed(
            "BadArgument", "The deployment has no code_configuration: name its code and scoring_script."
        )
    if not (workload.code_dir / workload.scoring_script).is_file():
        raise WorkloadFailed(
            "BadArgument", f"There is no scoring script {workload.scoring_script!r} in the uploaded code."
        )
    return Container(
        command=Command(
            argv=_gunicorn(workload, environment, socket),
            env={
                **_variables(workload, environment, home),
                "AML_APP_ROOT": str(workload.code_dir),
                "AZUREML_ENTRY_SCRIPT": workload.scoring_script,
                "HTTP_X_MS_SERVER_VERSION": f"azmlinfsrv/{version}",
            },
            cwd=workload.code_dir,
        ),
        socket=socket,
        health_path="/",
        score_path="/score",
        log=log,
        pid_file=pid_file,
        liveness=workload.liveness_probe,
        readiness=workload.readiness_probe,
    )


def worker_count(workload: Workload) -> int:
    """One worker for each request at a time, or WORKER_COUNT, as far as this machine has processors (but at least two).

    https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online#requestsettings
    """
    asked = workload.environment_variables.get("WORKER_COUNT", "")
    at_once = workload.max_concurrent_requests_per_instance * workload.instance_count
    return max(1, min(int(asked) if asked.isdecimal() else at_once, max(2, os.cpu_count() or 2)))


def _gunicorn(workload: Workload, environment: Environment, socket: Path) -> tuple[str, ...]:
    """What `azmlinfsrv` itself runs, but on a private socket, and ended with us.

    See azureml_inference_server_http/amlserver_linux.py in https://pypi.org/project/azureml-inference-server-http/.
    """
    variables = workload.environment_variables
    preload = ("--preload",) if variables.get("WORKER_PRELOAD", "").lower() == "true" else ()
    return (
        *(str(environment.python), "-m", "gunicorn", "--config", gunicorn_hooks.__file__, *preload),
        *("--bind", f"unix:{socket}", "--workers", str(worker_count(workload))),
        *("--timeout", variables.get("WORKER_TIMEOUT", "300"), "--no-control-socket"),
        *("--access-logfile", "-", "--error-logfile", "/dev/null"),
        "azureml_inference_server_http.server.entry:app",
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
        "SCORING_TIMEOUT_MS": str(workload.request_timeout_ms + SCORING_GRACE_MS),
    }
