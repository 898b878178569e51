"""What a file is that is not a spec: another kind of Azure ML, or a file of another tool that keeps YAML beside it.

Azure ML's kinds and their `$schema` lines: https://learn.microsoft.com/azure/machine-learning/reference-yaml-overview.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A file that is passed over: what it is, with its article, and the code of that when passing over is an error."""

    noun: str
    code: str = "kind-other"


BATCH = "kind-batch"
PARTS_OF_SCHEMA_NAMES: Mapping[str, Other] = {
    "batchendpoint": Other(noun="a batch endpoint", code=BATCH),
    "batchdeployment": Other(noun="a batch deployment", code=BATCH),
    "pipelinejob": Other(noun="a pipeline job"),
    "commandjob": Other(noun="a command job"),
    "sweepjob": Other(noun="a sweep job"),
    "sparkjob": Other(noun="a Spark job"),
    "paralleljob": Other(noun="a parallel job"),
    "importjob": Other(noun="an import job"),
    "automl": Other(noun="an AutoML job"),
    "job": Other(noun="a job"),
    "component": Other(noun="a component"),
    "monitor": Other(noun="a monitoring schedule"),
    "schedule": Other(noun="a schedule"),
    "featurestoreentity": Other(noun="a feature store entity"),
    "featurestore": Other(noun="a feature store"),
    "featureset": Other(noun="a feature set"),
    "connection": Other(noun="a connection"),
    "workspace": Other(noun="a workspace"),
    "registry": Other(noun="a registry"),
    "compute": Other(noun="a compute target"),
    "mltable": Other(noun="an MLTable"),
    "datalake": Other(noun="a datastore"),
    "onelake": Other(noun="a datastore"),
    "azureblob": Other(noun="a datastore"),
    "azurefile": Other(noun="a datastore"),
    "datastore": Other(noun="a datastore"),
    "flow": Other(noun="a prompt flow"),
    "data": Other(noun="a data asset"),
}
"""A part of a schema's name in lower case -> the kind; the first that fits, since `commandJob` holds `job`."""

OF_TYPE: Mapping[str, Other] = {
    "command": Other(noun="a command job or component"),
    "pipeline": Other(noun="a pipeline job or component"),
    "sweep": Other(noun="a sweep job"),
    "spark": Other(noun="a Spark job or component"),
    "parallel": Other(noun="a parallel job or component"),
    "automl": Other(noun="an AutoML job"),
    "import": Other(noun="an import job"),
    "uri_file": Other(noun="a data asset"),
    "uri_folder": Other(noun="a data asset"),
    "mltable": Other(noun="a data asset"),
    "azure_blob": Other(noun="a datastore"),
    "azure_file": Other(noun="a datastore"),
    "azure_data_lake_gen1": Other(noun="a datastore"),
    "azure_data_lake_gen2": Other(noun="a datastore"),
    "one_lake": Other(noun="a datastore"),
    "amlcompute": Other(noun="a compute cluster"),
    "computeinstance": Other(noun="a compute instance"),
    "virtualmachine": Other(noun="an attached virtual machine"),
    "synapsespark": Other(noun="an attached Spark pool"),
    "batch": Other(noun="a batch endpoint or deployment", code=BATCH),
}
"""The value of `type` -> the kind. `online` and `kubernetes` are ours."""

BATCH_FIELDS = frozenset(
    [
        "mini_batch_size",
        "error_threshold",
        "retry_settings",
        "output_action",
        "output_file_name",
        "max_concurrency_per_instance",
        "logging_level",
        "settings",
    ]
)
CONDA_FIELDS = frozenset(["name", "channels", "dependencies", "prefix", "variables", "platforms", "category"])
WORKSPACE_FIELDS = frozenset(["storage_account", "key_vault", "application_insights", "container_registry", "hub"])
OURS = frozenset(["auth_mode", "traffic", "mirror_traffic", "endpoint_name", "scoring_script", "instance_type"])
"""Fields that no file of another tool has: with one of them it is a spec with a mistake, whatever else stands in it."""
ENOUGH = 2
"""Fields of a kind that are no coincidence: one alone can stand in any YAML."""


def other_kind(data: Fields, stated: str) -> Other | None:
    """What a file with these fields is, if it is not a spec; `stated` is the name of its `$schema` in lower case."""
    if stated:
        named = next((other for part, other in PARTS_OF_SCHEMA_NAMES.items() if part in stated), None)
        if named:
            return named
    if batch := _batch(data):
        return batch
    if OURS & data.keys():
        return None
    of_type = data.get("type")
    if isinstance(of_type, str) and of_type.lower() in OF_TYPE:
        return OF_TYPE[of_type.lower()]
    return next((other for fits, other in BY_FIELDS if fits(data)), None)


def _batch(data: Fields) -> Other | None:
    """A batch deployment, or a batch endpoint with its `defaults`; of 2021, one with `deployments`."""
    defaults = data.get("defaults")
    endpoint = isinstance(defaults, dict) and "deployment_name" in defaults
    if (
        endpoint
        or len(BATCH_FIELDS & data.keys()) >= ENOUGH
        or data.get("type") in ("batch", "model", "pipeline_batch")
    ):
        noun = "a batch endpoint" if endpoint or "deployments" in data else "a batch deployment"
        return (
            Other(noun=noun, code=BATCH) if "endpoint_name" in data or endpoint or data.get("type") == "batch" else None
        )
    return None


def _has(*names: str) -> Callable[[Fields], bool]:
    return lambda data: all(name in data for name in names)


def _is_conda(data: Fields) -> bool:
    return isinstance(data.get("dependencies"), list) and CONDA_FIELDS.issuperset(data)


def _is_azure_pipeline(data: Fields) -> bool:
    steps = "stages" in data or "jobs" in data or "steps" in data or "extends" in data
    return steps and bool({"trigger", "pool", "pr", "resources", "stages", "parameters", "extends"} & data.keys())


def _is_compose(data: Fields) -> bool:
    services = data.get("services")
    return isinstance(services, dict) and all(isinstance(service, dict) for service in services.values())


BY_FIELDS: tuple[tuple[Callable[[Fields], bool], Other], ...] = (
    (_is_conda, Other(noun="a conda file")),
    (_has("on", "jobs"), Other(noun="a GitHub workflow")),
    (_has("runs", "description"), Other(noun="a GitHub action")),
    (_has("apiVersion", "kind"), Other(noun="a Kubernetes manifest")),
    (_is_azure_pipeline, Other(noun="an Azure Pipelines file")),
    (_is_compose, Other(noun="a compose file")),
    (_has("repos"), Other(noun="a pre-commit configuration")),
    (_has("create_monitor"), Other(noun="a monitoring schedule")),
    (_has("trigger", "create_job"), Other(noun="a schedule")),
    (_has("jobs", "inputs"), Other(noun="a pipeline job or component")),
    (_has("jobs", "settings"), Other(noun="a pipeline job")),
    (_has("jobs", "experiment_name"), Other(noun="a pipeline job")),
    (_has("search_space", "objective"), Other(noun="a sweep job")),
    (_has("trial", "sampling_algorithm"), Other(noun="a sweep job")),
    (_has("command", "inputs"), Other(noun="a command job or component")),
    (_has("command", "outputs"), Other(noun="a command job or component")),
    (_has("command", "compute"), Other(noun="a command job")),
    (_has("command", "environment"), Other(noun="a command job or component")),
    (_has("account_name", "container_name"), Other(noun="a datastore")),
    (_has("primary_location", "replication_locations"), Other(noun="a registry")),
    (_has("index_columns"), Other(noun="a feature store entity")),
    (_has("specification", "entities"), Other(noun="a feature set")),
    (_has("flavors", "model_uuid"), Other(noun="an MLmodel file")),
    (lambda data: len(WORKSPACE_FIELDS & data.keys()) >= ENOUGH, Other(noun="a workspace")),
    (_has("target", "credentials"), Other(noun="a connection")),
)
"""Fields that tell another kind -> the kind, from the surest down."""
