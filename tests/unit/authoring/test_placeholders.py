"""One notion of a value that still waits to be filled in, for every field and for the values of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import validate_paths, validate_project
from deployer.core.diagnostics import Diagnostic, Severity
from deployer.core.placeholders import may_have, placeholder_as_text, placeholder_in, sounds_unfilled
from deployer.core.secret_shapes import known_shape
from tests.unit.authoring.samples import DEPLOYMENT

FORMS = ["$(X)", "${X}", "$X", "<X>", "#{X}#", "__X__", "%XYZ%", "REPLACE_ME", "${{ github.sha }}", "{X}"]
FIELDS = {
    "endpoint_name": "endpoint_name: mine-ep",
    "model": "model: azureml:m:1",
    "environment": "environment: azureml:e:1",
    "instance_type": "instance_type: Standard_DS3_v2",
    "instance_count": "instance_count: 1",
    "name": "name: blue",
}
EVERYDAY = [
    "azureml:credit-model:12", "azureml://registries/azureml/models/gpt2/versions/1", "mcr.microsoft.com/a/b:latest",
    "Standard_NC24ads_A100_v4", "../scoring/__init__.py", "./models/v1.2", "score.py", "main.py", "PT5S", "a%20b",
    "https://h.example/a%2Fb%C3%A9?x=1", "azureml://datastores/d/paths/a_b/c.pkl", "my_model", "env-2024-05-01",
]  # fmt: skip


def wrong(folder: Path, text: str) -> list[Diagnostic]:
    (folder / "d.yml").write_text(text)
    return list(validate_paths([Path("d.yml")], project=folder, env=None).diagnostics)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_with_a_form_says_that_and_nothing_else(field: str, form: str, tmp_path: Path) -> None:
    quoted = form if form == "{X}" else f"'{form}'"
    [item] = wrong(tmp_path, DEPLOYMENT.replace(FIELDS[field], f"{field}: {quoted}"))
    assert (item.code, item.path) == ("placeholder", field)
    assert form in item.summary
    assert f"--set {field}=" in item.detail


@pytest.mark.parametrize("form", FORMS)
def test_in_a_project_it_is_an_error(form: str, tmp_path: Path) -> None:
    (tmp_path / "specs/env").mkdir(parents=True)
    (tmp_path / "specs/env/local.yml").write_text("project: p\nworkspace: local\n")
    (tmp_path / "specs/endpoint.yml").write_text("name: mine-ep\nauth_mode: key\n")
    (tmp_path / "specs/deployment.yml").write_text(DEPLOYMENT.replace("azureml:m:1", f'"azureml:m:{form}"'))
    found = validate_project(tmp_path, "local").diagnostics
    if form == "{X}":
        assert [item.code for item in found] != ["placeholder"]
    else:
        assert [(item.code, item.severity) for item in found] == [("placeholder", Severity.ERROR)]


@pytest.mark.parametrize("form", ["#{X}#", "__X__", "REPLACE_ME", "${{ github.sha }}", "v-${{ github.sha }}"])
def test_free_text_is_warned_of_only_where_it_is_nothing_else(form: str, tmp_path: Path) -> None:
    [item] = wrong(tmp_path, f"{DEPLOYMENT}environment_variables:\n  A: '{form}'\n")
    assert (item.code, item.severity, item.path) == ("placeholder", Severity.WARNING, "environment_variables.A")


@pytest.mark.parametrize(
    "text",
    [
        *("$(X)", "${X}", "$HOME/a", "<b>bold</b>", "{name}", "%d%s", "see __X__ there", "your-model", "xxx"),
        *(
            "${{keyvault:https://v/secrets/s}}",
            "${{azureml://connections/c/credentials/key}}",
            "^w+<(d)>$",
            "{'a': '<X>'}",
        ),
    ],
)
def test_other_free_text_is_not(text: str, tmp_path: Path) -> None:
    value = "'" + text.replace("'", "''") + "'"
    assert wrong(tmp_path, f"{DEPLOYMENT}description: {value}\nenvironment_variables:\n  A: {value}\n") == []


@pytest.mark.parametrize("value", EVERYDAY)
def test_everyday_names_and_paths_wait_for_nothing(value: str) -> None:
    assert (placeholder_in(value), sounds_unfilled(value)) == ("", False)


@pytest.mark.parametrize(
    "value",
    [
        *FORMS,
        "__AZURE_STORAGE_CONNECTION_STRING__",
        "REPLACE_AT_DEPLOY_TIME",
        "your-api-key",
        "<your-key>",
        "changeme1",
    ],
)
def test_what_is_to_be_filled_in_is_no_secret(value: str) -> None:
    assert known_shape("API_KEY", value) == ""
    assert may_have(value)


@pytest.mark.parametrize("value", [*FORMS[4:6], "REPLACE_ME", "x ${{ a }}"])
def test_what_is_found_in_text_is_looked_for(value: str) -> None:
    assert placeholder_as_text(value)
    assert may_have(value)
