"""Canonical fields of each kind, whole, and hypothesis strategies over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from deployer.core.resources import Resource
from tests import build

_NAMED: Mapping[str, Any] = {
    "model": "azureml:digits:1",
    "environment": "azureml:sklearn:3",
    "code_configuration": {"code": build.CODE, "scoring_script": "score.py"},
}

words = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["C"]), max_size=20)
some_text = words.map(str.strip).filter(bool)
names = st.from_regex(r"[a-z][a-z0-9]{2,10}", fullmatch=True)
tags = st.dictionaries(names, words, max_size=3)
probes = st.fixed_dictionaries(
    {name: st.integers(1, 90_000) for name in ("initial_delay", "period", "timeout")}
    | {name: st.integers(1, 100) for name in ("success_threshold", "failure_threshold")}
)
identities = st.one_of(
    st.just({"type": "system_assigned", "user_assigned_identities": []}),
    names.map(
        lambda name: {
            "type": "user_assigned",
            "user_assigned_identities": [
                f"/subscriptions/s/resourcegroups/rg/providers/microsoft.managedidentity/userassignedidentities/{name}"
            ],
        }
    ),
)
references = st.one_of(
    st.none(),
    st.builds("azureml:{}:{}".format, names, names),
    st.builds("azureml://registries/{}/models/{}/versions/{}".format, names, names, names),
)
endpoints = st.fixed_dictionaries(
    {
        "auth_mode": st.sampled_from(["key", "aml_token", "aad_token"]),
        "description": st.none() | some_text,
        "tags": tags,
        "compute": st.none() | st.builds("azureml:{}".format, names),
        "identity": identities,
        "public_network_access": st.sampled_from(["enabled", "disabled"]),
        "properties": tags,
    }
).map(lambda found: found | ({"public_network_access": "enabled"} if found["compute"] else {}))

_data = st.none() | st.fixed_dictionaries(
    {"name": names, "version": names, "path": st.none() | names, "data_id": st.none()}
)
_collectors = st.none() | st.fixed_dictionaries(
    {
        "collections": st.dictionaries(
            names,
            st.fixed_dictionaries(
                {"enabled": st.sampled_from(["true", "false"]), "data": _data, "client_id": st.none() | names}
            ),
            min_size=1,
            max_size=2,
        ),
        "rolling_rate": st.sampled_from(["minute", "hour", "day"]),
        "sampling_rate": st.floats(0.01, 1.0),
        "request_logging": st.none() | st.fixed_dictionaries({"capture_headers": st.lists(names, min_size=1)}),
    }
)
_common = {
    "description": st.none() | some_text,
    "tags": tags,
    "model": references,
    "model_mount_path": st.none() | names.map("/{}".format),
    "environment": references,
    "code_configuration": st.none() | st.just(_NAMED["code_configuration"]),
    "environment_variables": st.dictionaries(
        st.one_of(names, st.sampled_from(["AML_APP_ROOT", "AZUREML_MODEL_DIR", "AZUREML_ENTRY_SCRIPT"])),
        words,
        max_size=4,
    ),
    "instance_count": st.integers(1, 50),
    "app_insights_enabled": st.booleans(),
    "request_settings": st.fixed_dictionaries(
        {
            "request_timeout_ms": st.integers(1, 300_000),
            "max_concurrent_requests_per_instance": st.integers(1, 500),
            "max_queue_wait_ms": st.integers(0, 100_000),
        }
    ),
    "liveness_probe": probes,
    "readiness_probe": probes,
    "startup_probe": st.none() | probes,
    "data_collector": _collectors,
    "properties": tags,
}
_managed = st.fixed_dictionaries(
    _common
    | {
        "type": st.just("managed"),
        "instance_type": some_text.map(str.lower),
        "scale_settings": st.just({"type": "default"}),
        "egress_public_network_access": st.sampled_from(["enabled", "disabled"]),
        "private_network_connection": st.booleans(),
        "resources": st.none(),
    }
)
_amounts = st.none() | st.fixed_dictionaries(
    {"cpu": names, "memory": st.none() | names, "nvidia.com/gpu": st.none() | names, "gpu": st.none()}
)
_kubernetes = st.fixed_dictionaries(
    _common
    | {
        "type": st.just("kubernetes"),
        "instance_type": st.none() | names,
        "scale_settings": st.fixed_dictionaries(
            {
                "type": st.just("target_utilization"),
                "min_instances": st.integers(1, 50),
                "max_instances": st.integers(1, 50),
                "target_utilization_percentage": st.integers(1, 100),
                "polling_interval": st.integers(1, 1000),
            }
        )
        | st.just({"type": "default"}),
        "egress_public_network_access": st.just("enabled"),
        "private_network_connection": st.just(False),
        "resources": st.none()
        | st.fixed_dictionaries({"requests": _amounts, "limits": _amounts}).filter(lambda found: any(found.values())),
    }
)
deployments = _managed | _kubernetes
models = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["custom_model", "mlflow_model", "triton_model"]),
        "path": st.just(build.WEIGHTS),
        "description": st.none() | some_text,
        "tags": tags,
        "properties": tags,
    }
)
_route = st.fixed_dictionaries({"path": names.map("/{}".format), "port": st.integers(1, 65_535)})
_condas = st.fixed_dictionaries(
    {
        "name": names,
        "dependencies": st.lists(
            some_text | st.fixed_dictionaries({"pip": st.lists(some_text, max_size=3)}), max_size=4
        ),
    }
)
environments = st.fixed_dictionaries(
    {
        "image": some_text,
        "conda_file": st.none() | _condas,
        "build": st.none(),
        "inference_config": st.none()
        | st.fixed_dictionaries({name: _route for name in ("liveness_route", "readiness_route", "scoring_route")}),
        "description": st.none() | some_text,
        "tags": tags,
    }
)


def endpoint(**fields: Any) -> Resource:
    """An endpoint with some fields that are not as by default."""
    return build.changed(build.endpoint(), **fields)


def deployment(**fields: Any) -> Resource:
    """A deployment with some fields that are not as in DEPLOYMENT."""
    return build.changed(build.deployment(**_NAMED), **fields)


def model(**fields: Any) -> Resource:
    """A model version with some fields that are not as by default."""
    return build.changed(build.model(), **fields)


def environment(**fields: Any) -> Resource:
    """An environment version with some fields that are not as by default."""
    return build.changed(build.environment(), **fields)


ENDPOINT: Mapping[str, Any] = endpoint().fields
DEPLOYMENT: Mapping[str, Any] = deployment().fields
MODEL: Mapping[str, Any] = model().fields
ENVIRONMENT: Mapping[str, Any] = environment().fields
PROBE: Mapping[str, Any] = DEPLOYMENT["liveness_probe"]
