"""The hashes of twenty contents: a release that changed one would make every revision of its kind anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from deployer.planning.verdicts import content_hash
from tests import build

REQUESTS = {"request_timeout_ms": 5000, "max_concurrent_requests_per_instance": 1, "max_queue_wait_ms": 500}
PROBE = {"initial_delay": 10, "period": 10, "timeout": 2, "success_threshold": 1, "failure_threshold": 30}
CONTENTS: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "a model": {"model": "azureml:digits:1"},
    "another version": {"model": "azureml:digits:2"},
    "a registry's model": {"model": "azureml://registries/shared/models/digits/versions/1"},
    "an environment": {"environment": "azureml:sklearn:3"},
    "code": {"code_configuration": {"code": build.CODE, "scoring_script": "score.py"}},
    "another script": {"code_configuration": {"code": build.CODE, "scoring_script": "other.py"}},
    "a variable": {"environment_variables": {"MODE": "fast"}},
    "two variables": {"environment_variables": {"MODE": "fast", "LOG": "1"}},
    "a VM size": {"instance_type": "standard_f4s_v2"},
    "application insights": {"app_insights_enabled": True},
    "a longer time": {
        "request_settings": {
            "request_timeout_ms": 90000,
            "max_concurrent_requests_per_instance": 1,
            "max_queue_wait_ms": 500,
        }
    },
    "more at once": {
        "request_settings": {
            "request_timeout_ms": 5000,
            "max_concurrent_requests_per_instance": 8,
            "max_queue_wait_ms": 500,
        }
    },
    "a mount path": {"model_mount_path": "/var/model"},
    "no egress": {"egress_public_network_access": "disabled"},
    "a patient probe": {
        "liveness_probe": {
            "initial_delay": 60,
            "period": 10,
            "timeout": 2,
            "success_threshold": 1,
            "failure_threshold": 30,
        }
    },
    "kubernetes": {"type": "kubernetes", "instance_type": "defaultinstancetype"},
    "model and environment": {"model": "azureml:digits:1", "environment": "azureml:sklearn:3"},
    "an umlaut": {"environment_variables": {"NAME": "Müller"}},
    "an empty variable": {"environment_variables": {"NAME": ""}},
}
HASHES = {
    "nothing": "d7fc166ca6f1",
    "a model": "8c391dfe8ac9",
    "another version": "31770f581977",
    "a registry's model": "0dc73ec6e568",
    "an environment": "deddf43c97fd",
    "code": "a5bd1a67c733",
    "another script": "a03cd3969d35",
    "a variable": "fee048ad59df",
    "two variables": "be18ccfdc3ac",
    "a VM size": "8e3cf52d1f49",
    "application insights": "5eabd6eb1117",
    "a longer time": "775f493f9697",
    "more at once": "5b65e9fdaa25",
    "a mount path": "9c8fb1033b35",
    "no egress": "d9d00ca85b68",
    "a patient probe": "c7e1bb392599",
    "kubernetes": "ad26b7629fbc",
    "model and environment": "e7f808bb847e",
    "an umlaut": "ddd02ee80cf7",
    "an empty variable": "9ad651c0c674",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_content_keeps_its_hash(name: str) -> None:
    assert content_hash(build.deployment("blue", **CONTENTS[name])) == HASHES[name]


def test_all_differ_but_for_the_name_of_the_deployment() -> None:
    assert len(set(HASHES.values())) == len(HASHES) == 20
    for fields in CONTENTS.values():
        assert content_hash(build.deployment("green", **fields)) == content_hash(build.deployment("blue", **fields))


@pytest.mark.parametrize("fields", [{"instance_count": 7}, {"tags": {"a": "b"}}, {"description": "d"}])
def test_what_is_no_content_changes_no_hash(fields: Mapping[str, Any]) -> None:
    assert content_hash(build.deployment("blue", **fields)) == HASHES["nothing"]
