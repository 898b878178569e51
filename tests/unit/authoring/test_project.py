"""Whole projects and single files: what is desired, what is refused, what is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.authoring import load_env, load_project, render_project, validate_paths, validate_project
from deployer.authoring.content_hash import code_hash, model_hash
from deployer.core.coordinates import Coordinates
from deployer.core.diagnostics import Severity
from deployer.core.errors import SpecError, UsageError
from deployer.core.intent import ANYTHING, SmokeTest
from deployer.core.resources import Kind, Ref, asset_ref, deployment_ref, endpoint_ref, is_anonymous, traffic_ref

ENV = "project: demo\nworkspace: local\nvariables: {vm: Standard_DS3_v2, hidden: {word: x}}\n"
AZURE = (
    "project: demo\nworkspace:\n  subscription_id: \"{{ env_var('SUB') }}\"\n  resource_group: rg\n  name: ws\n"
    "policy: {min_instances: 2}\n"
)
ENDPOINT = "name: Digits\nauth_mode: Key\ntraffic: {Blue: 100, green: 0}\nx-protect: true\n"
BLUE = """name: Blue
model: {path: ../model, tags: {n: 1}}
environment:
  image: img
  conda_file: ../conda.yml
code_configuration: {code: ../code, scoring_script: score.py}
instance_type: "{{ vm }}"
environment_variables: {N: 010, EMPTY: '', FLAG: yes, PASSWORD_FILE: /run/x}
x-smoke-test: {request: ../request.json, json: null}
x-ignore: [instance_count]
"""
GREEN = (
    "name: green\nendpoint_name: digits\nmodel: azureml:m\nenvironment: azureml:e:3\ninstance_type: STANDARD_F2S_V2\n"
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writer(**files: str) -> Path:
        base = {
            "specs/env/local.yml": ENV, "specs/env/dev.yml": AZURE, "specs/endpoint.yml": ENDPOINT,
            "specs/blue.yml": BLUE, "specs/green.yml": GREEN, "code/score.py": "def init(): ...\ndef run(x): ...\n",
            "model/m.txt": "m", "conda.yml": "dependencies: [python=3.11, azureml-defaults]\n", "request.json": "{}",
        }  # fmt: skip
        for name, text in {**base, **{key.replace("__", "/"): text for key, text in files.items()}}.items():
            path = tmp_path / (name if "." in name else f"{name}.yml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return writer


def codes(diagnostics: object) -> list[str]:
    return [item.code for item in diagnostics]  # type: ignore[attr-defined]


def test_specs_become_canonical_resources(write: Write) -> None:
    project = write()
    desired = load_project(project, "local")
    resources = desired.state.resources
    blue = resources[deployment_ref("digits", "blue")]
    model = f"{model_hash(project / 'model')}:1"
    assert blue.fields["model"] == f"azureml:{model}"
    assert blue.fields["code_configuration"] == {
        "code": f"sha256:{code_hash(project / 'code')}",
        "scoring_script": "score.py",
    }
    assert blue.sources == {("code_configuration", "code"): "code"}
    assert blue.fields["environment_variables"] == {"N": "010", "EMPTY": "", "FLAG": "yes", "PASSWORD_FILE": "/run/x"}
    assert blue.fields["instance_type"] == "standard_ds3_v2"
    assert resources[endpoint_ref("digits")].fields["auth_mode"] == "key"
    assert resources[traffic_ref("digits")].fields == {"traffic": {"blue": 100}}
    assert resources[asset_ref(Kind.MODEL, *model.split(":"))].sources == {("path",): "model"}
    green = resources[deployment_ref("digits", "green")]
    assert (green.fields["model"], green.fields["environment"]) == ("azureml:m@latest", "azureml:e:3")
    assert len([ref for ref in resources if is_anonymous(ref)]) == 2


def test_extension_keys_become_intent(write: Write) -> None:
    project = write(
        specs__endpoint=ENDPOINT + "x-rollout: {steps: [10, 100], bake: 5m, checks: {max_error_rate: 0.1}}\n"
    )
    intent = load_project(project, "local").intent
    test = intent.smoke_tests[deployment_ref("digits", "blue")]
    assert (test.request, test.json, test.status) == ("request.json", None, 200)
    assert SmokeTest().json is ANYTHING
    assert intent.protected == {"digits"}
    assert intent.ignored == {deployment_ref("digits", "blue"): (("instance_count",),)}
    rollout = intent.rollouts["digits"]
    assert (rollout.steps, rollout.bake_seconds, rollout.checks.max_error_rate) == ((10, 100), 300.0, 0.1)


def test_every_resource_and_field_has_its_place(write: Write) -> None:
    project = write()
    origins = load_project(project, "local").origins
    blue = deployment_ref("digits", "blue")
    assert str(origins.of(blue)) == "specs/blue.yml:1:1"
    assert str(origins.of(blue, ("instance_type",))) == "specs/blue.yml:7:16"
    assert str(origins.of(traffic_ref("digits"), ("traffic", "Blue"))) == "specs/endpoint.yml:3:17"
    anonymous = Ref(kind=Kind.MODEL, name=f"{model_hash(project / 'model')}:1")
    assert str(origins.of(anonymous, ("path",))) == "specs/blue.yml:2:15"


def test_inline_assets_with_a_name_and_version_keep_them(write: Write) -> None:
    blue = BLUE.replace("{path: ../model,", "{name: M, version: 2, path: ../model,").replace(
        "  image: img", "  name: E\n  version: 007\n  image: img"
    )
    resources = load_project(write(specs__blue=blue), "local").state.resources
    assert asset_ref(Kind.MODEL, "M", "2") in resources
    assert asset_ref(Kind.ENVIRONMENT, "E", "007") in resources
    assert resources[deployment_ref("digits", "blue")].fields["environment"] == "azureml:E:007"


def test_all_defects_of_all_files_come_at_once_and_sorted(write: Write) -> None:
    project = write(specs__endpoint="name: -x\nname: y\n", specs__green="name: {{ nowhere }}\n", specs__blue="nam: x\n")
    with pytest.raises(SpecError) as caught:
        load_project(project, "local")
    found = caught.value.diagnostics
    assert list(found) == sorted(found, key=lambda item: item.location)
    assert {item.location.file for item in found} == {"specs/endpoint.yml", "specs/green.yml", "specs/blue.yml"}
    assert validate_project(project, "local").diagnostics == found


def test_env_files_say_where_and_with_what(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write()
    monkeypatch.setenv("SUB", "0123")
    assert load_env(project, "local").workspace is None
    env = load_env(project, "dev")
    assert env.workspace == Coordinates(subscription_id="0123", resource_group="rg", name="ws")
    assert (env.project, env.file, env.policy) == ("demo", "specs/env/dev.yml", {"min_instances": 2})
    for name in ("lokal", "../local", "", ".hidden"):
        with pytest.raises(SpecError) as caught:
            load_env(project, name)
        assert codes(caught.value.diagnostics) == ["env-unknown"]
    assert caught.value.diagnostics[0].detail == "Existing envs: dev, local."


def test_references_of_the_own_workspace_are_shortened(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    service = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.MachineLearningServices"
    arm = service + "/workspaces/{}/models/M/versions/4"
    monkeypatch.setenv("SUB", "s1")
    for workspace, expected in (("WS", "azureml:M:4"), ("other", arm.format("other"))):
        green = GREEN.replace("azureml:m\n", f"azureml:{arm.format(workspace)}\n") + "instance_count: 2\n"
        project = write(specs__green=green, specs__blue=BLUE.replace("{{ vm }}", "x") + "instance_count: 2\n")
        fields = load_project(project, "dev").state.resources[deployment_ref("digits", "green")].fields
        assert fields["model"] == expected


def test_one_endpoint_of_several_can_be_picked(write: Write) -> None:
    project = write(
        specs__other__endpoint="name: other\nauth_mode: key\n", specs__other__blue="name: blue\ninstance_type: x\n"
    )
    assert load_project(project, "local").state.endpoints() == ("digits", "other")
    state = load_project(project, "local", endpoint="Other").state
    assert state.endpoints() == ("other",)
    assert deployment_ref("other", "blue") in state.resources
    with pytest.raises(UsageError, match="no endpoint `othre`") as caught:
        load_project(project, "local", endpoint="othre")
    assert caught.value.hint == "Did you mean `other`?"


def test_overrides_set_variables_and_fields(write: Write) -> None:
    project = write()
    overrides = ["vm=Standard_F4s_v2", "instance_count=3", "request_settings.request_timeout_ms=7000"]
    blue = load_project(project, "local", overrides=overrides).state.resources[deployment_ref("digits", "blue")]
    assert blue.fields["instance_type"] == "standard_f4s_v2"
    assert blue.fields["instance_count"] == 3
    assert blue.fields["request_settings"]["request_timeout_ms"] == 7000  # type: ignore[index, call-overload]
    found = validate_project(project, "local", overrides=["instance_count=0"]).diagnostics
    assert codes(found) == ["instance-count", "instance-count"]
    assert "--set" in found[0].detail
    with pytest.raises(UsageError, match="name=value"):
        validate_project(project, "local", overrides=["nonsense"])


def test_rendered_specs_are_plain_and_hide_secrets(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-value")
    blue = BLUE + "tags: {a: \"x{{ secret('TOKEN') }}y\"}\n"
    project = write(specs__blue=blue)
    assert "s3cr3t-value" in load_project(project, "local").secrets
    text = render_project(project, "local")["specs/blue.yml"]
    assert "s3cr3t" not in text
    assert "x(sensitive)y" in text
    assert "x-smoke-test" not in text
    assert "endpoint_name: Digits" in text
    assert "xs3cr3t-valuey" in render_project(project, "local", show_secrets=True)["specs/blue.yml"]


def test_files_that_specs_name_and_parts_are_no_specs(write: Write) -> None:
    project = write(
        specs__blue=BLUE.replace("../conda.yml", "conda.yml").replace("../request.json", "request.yml"),
        specs__conda="dependencies: [python, azureml-defaults]\n",
        specs__request='{"a": 1}\n',
        specs___part="- anything\n",
    )
    assert codes(validate_project(project, "local").diagnostics) == []


def test_the_order_of_files_and_their_line_ends_change_nothing(write: Write) -> None:
    project = write()
    before = load_project(project, "local").state
    (project / "specs/blue.yml").rename(project / "specs/zzz.yml")
    (project / "specs/green.yml").write_bytes(b"\xef\xbb\xbf" + GREEN.replace("\n", "\r\n").encode())
    assert load_project(project, "local").state == before


def test_a_file_that_is_empty_after_rendering_declares_nothing(write: Write) -> None:
    project = write(specs__green="{% if env == 'prod' %}\n" + GREEN + "{% endif %}\n", specs__endpoint="name: digits\n")
    assert deployment_ref("digits", "green") not in load_project(project, "local").state.resources


def test_single_files_of_other_people_need_no_project(tmp_path: Path) -> None:
    path = tmp_path / "deploy.yml"
    path.write_text("name: demo\ninstance_type: Standard_DS3_v2\nmodel: {path: ./nowhere}\ninstance_count: {{ N }}\n")

    def check(*overrides: str, files: bool = True) -> list[str]:
        return codes(validate_paths([path], project=tmp_path, env=None, overrides=overrides, files=files).diagnostics)

    assert check() == ["template-undefined"]
    assert check("N=2") == ["endpoint-missing", "model-missing"]
    assert check("N=2", "endpoint_name=abc") == ["model-missing"]
    assert check("N=2", "endpoint_name=abc", files=False) == []


def test_folders_full_of_other_yaml_are_searched_for_specs(write: Write) -> None:
    project = write(
        other__workflow="on: push\njobs: {a: '${{ secrets.X }} {{ broken'}\n",
        other__pipeline="$schema: https://x/pipelineJob.schema.json\ntype: pipeline\n",
        other__deep__deployment="name: b\nendpoint_name: e-p\ninstance_type: x\ninstance_count: -1\n",
    )
    found = validate_paths([Path("other")], project=project, env=None).diagnostics
    assert {item.location.file for item in found} == {"other/deep/deployment.yml"}
    assert codes(found) == ["name-format", "vm-size", "instance-count"]
    assert codes(validate_paths([Path("other/pipeline.yml")], project=project, env=None).diagnostics) == ["kind-other"]
    assert codes(validate_paths([Path("missing.yml")], project=project, env=None).diagnostics) == ["file-unreadable"]
    assert [item.severity for item in found].count(Severity.WARNING) == 1


def test_a_folder_without_specs_says_so(tmp_path: Path) -> None:
    assert codes(validate_project(tmp_path, "local").diagnostics) == ["project-missing"]


def test_messages_quote_no_secret(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "Standard_Hush_v77")
    blue = BLUE.replace("{{ vm }}", "{{ secret('SIZE') }}")
    env = ENV.replace("workspace: local", "workspace: \"{{ secret('SIZE') }}\"")
    for wrong in (write(specs__blue=blue), write(specs__env__local=env)):
        found = validate_project(wrong, "local").diagnostics
        assert "secret-misplaced" in codes(found)
        assert not [item for item in found if "Hush" in item.summary + item.detail]


@pytest.mark.parametrize("nothing", ["null", "~", "", "Null", "NULL"])
def test_a_variable_or_a_tag_without_a_value_is_none(nothing: str, write: Write) -> None:
    lines = f"environment_variables:\n  A: {nothing}\n  B: ''\n  C: 'null'\n  D: no\ntags:\n  x: {nothing}\n  y: z\n"
    project = write(specs__green=GREEN + lines)
    fields = load_project(project, "local").state.resources[deployment_ref("digits", "green")].fields
    assert fields["environment_variables"] == {"B": "", "C": "null", "D": "no"}
    assert fields["tags"] == {"y": "z"}


@pytest.mark.parametrize("name", ["deployment.blue.instance_count", "instance_cuont", "whatever"])
def test_an_override_that_changes_nothing_is_an_error(name: str, write: Write) -> None:
    with pytest.raises(UsageError, match="there is neither a variable nor a field of that name") as caught:
        load_project(write(), "local", overrides=[f"{name}=3"])
    assert caught.value.hint.startswith(
        "Did you mean `instance_count`?" if name == "instance_cuont" else ("Did", "Name")
    )


def test_an_override_may_define_a_name_that_only_a_template_has(write: Write) -> None:
    green = GREEN.replace("azureml:e:3", "azureml:e:{{ version }}")
    desired = load_project(write(specs__green=green), "local", overrides=["version=5"])
    assert desired.state.resources[deployment_ref("digits", "green")].fields["environment"] == "azureml:e:5"
    other = GREEN.replace("azureml:e:3", "azureml:e:{{ env_version }}")
    assert load_project(write(specs__green=other), "local", overrides=["env_version=6"])
