"""Advice follows from what the author wrote: one message for each cause, at its place, and none that misleads."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import validate_paths
from deployer.core.diagnostics import Diagnostic
from tests.unit.authoring.samples import DEPLOYMENT, ENDPOINT


def said(folder: Path, text: str, name: str = "d.yml") -> list[Diagnostic]:
    (folder / name).write_text(text)
    return [item for item in validate_paths([Path(name)], project=folder, env=None).diagnostics if item.severity.stops]


@pytest.mark.parametrize(
    ("text", "code", "path", "hint"),
    [
        (DEPLOYMENT + "instance_typ: 3\n", "unknown-field", "instance_typ", "there is a `instance_type` already"),
        (DEPLOYMENT + "compute: azureml:c\n", "unknown-field", "compute", "`compute` is a field of an endpoint."),
        (DEPLOYMENT + "traffic: {blue: 1}\n", "unknown-field", "traffic", "`traffic` is a field of an endpoint."),
        (DEPLOYMENT + "resource_requirements: {}\n", "unknown-field", "resource_requirements", "Possible fields: "),
        (DEPLOYMENT + "target: x\n", "unknown-field", "target", "Possible fields: "),
        (ENDPOINT + "target: azureml:aks\n", "unknown-field", "target", "Possible fields: "),
        (ENDPOINT + "instance_type: x\n", "unknown-field", "instance_type", "is a field of a deployment."),
        (DEPLOYMENT.replace("azureml:m:1", "{local_path: ./m}"), "unknown-field", "model.local_path", "mean `path`?"),
        (DEPLOYMENT.replace("azureml:e:1", "{image: }"), "wrong-type", "environment.image", "Write text."),
        (DEPLOYMENT.replace("endpoint_name: mine-ep", "endpoint_name:"), "wrong-type", "endpoint_name", "Write text."),
        (DEPLOYMENT.replace("azureml:e:1", "azureml/environment.yml"), "reference-format", "environment", "A file"),
        (DEPLOYMENT.replace("azureml:e:1", "my-env@latest"), "reference-format", "environment", ":my-env@latest`?"),
        (DEPLOYMENT.replace("azureml:m:1", "my-model:3"), "reference-format", "model", "`azureml:my-model:3`?"),
        (
            DEPLOYMENT + "code_configuration:\n  code:\n    local_path: ./src\n  scoring_script: s.py\n",
            "wrong-type", "code_configuration.code", "Write the text alone: ./src.",
        ),
        (ENDPOINT + "description: {a}\n", "wrong-type", "description", "Quote text that starts with { or [."),
        (ENDPOINT + "description: [a, b]\n", "wrong-type", "description", "Write one text."),
    ],
)  # fmt: skip
def test_one_message_that_says_what_to_write(text: str, code: str, path: str, hint: str, tmp_path: Path) -> None:
    [item] = said(tmp_path, text)
    assert (item.code, item.path) == (code, path)
    assert hint in item.detail


@pytest.mark.parametrize("key", ["scoring_ur", "provisioning_stat", "resourcs", "locatio"])
def test_no_field_is_suggested_that_makes_no_sense_here(key: str, tmp_path: Path) -> None:
    for text in (ENDPOINT, DEPLOYMENT):
        [item] = said(tmp_path, f"{text}{key}: x\n")
        for wrong in ("scoring_uri", "provisioning_state", "`resources`", "location", " id,"):
            assert wrong not in item.detail


def test_a_folder_is_not_suggested_for_a_script(tmp_path: Path) -> None:
    (tmp_path / "src/core").mkdir(parents=True)
    text = DEPLOYMENT + "code_configuration: {code: ./src, scoring_script: score.py}\n"
    [item] = said(tmp_path, text)
    assert (item.code, "core" in item.detail) == ("script-missing", False)
    (tmp_path / "src/scores.py").write_text("")
    [item] = said(tmp_path, text)
    assert "`scores.py`" in item.detail


def test_a_deployment_alone_finds_the_endpoint_beside_it(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("endpoint_name: mine-ep\n", "")
    assert [item.code for item in said(tmp_path, text)] == ["endpoint-missing"]
    (tmp_path / "endpoint.yml").write_text(ENDPOINT)
    assert said(tmp_path, text) == []
    (tmp_path / "other.yml").write_text(ENDPOINT.replace("mine", "other"))
    assert [item.code for item in said(tmp_path, text)] == ["endpoint-missing"]


def test_the_endpoint_beside_it_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "endpoint.yml").write_text("name: mine-ep\nauth_mode: nokey\n")
    assert said(tmp_path, DEPLOYMENT.replace("endpoint_name: mine-ep\n", "")) == []


@pytest.mark.parametrize(
    "field", ["min_instances: 2", "max_instances: 5", "polling_interval: 3", "target_utilization_percentage: 50"]
)
@pytest.mark.parametrize("kind", ["type: default, ", ""])
def test_autoscale_fields_of_the_default_type_are_refused(field: str, kind: str, tmp_path: Path) -> None:
    [item] = said(tmp_path, f"{DEPLOYMENT}scale_settings: {{{kind}{field}}}\n")
    assert (item.code, item.path) == ("field-of-type", f"scale_settings.{field.partition(':')[0]}")
    on_cluster = DEPLOYMENT.replace("instance_type: Standard_DS3_v2\n", "type: kubernetes\n")
    text = f"{on_cluster}scale_settings: {{type: target_utilization, {field}}}\n"
    assert "field-of-type" not in [found.code for found in said(tmp_path, text)]


@pytest.mark.parametrize(
    "text",
    [
        DEPLOYMENT.replace("azureml:m:1", "xxx" * 50_000),
        DEPLOYMENT + "code_configuration:\n  scoring_script: s.py\n  code: {local_path: " + "x" * 50_000 + "}\n",
    ],
)
def test_a_message_quotes_the_beginning_of_a_long_value_only(text: str, tmp_path: Path) -> None:
    (tmp_path / "d.yml").write_text(text)
    found = validate_paths([Path("d.yml")], project=tmp_path, env=None).diagnostics
    assert found
    assert max(len(item.summary + item.detail) for item in found) < 1_000
