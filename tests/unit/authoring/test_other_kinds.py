"""What is no spec is named and passed over; what is one with a mistake is not; and nothing looked at is no success."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import validate_paths, validate_project
from deployer.core.diagnostics import Examined
from tests.unit.authoring.samples import DEPLOYMENT, ENDPOINT

S = "$schema: https://azuremlschemas.azureedge.net/latest"

OTHERS = {
    "command job": f"{S}/commandJob.schema.json\ncommand: a.py\nenvironment: azureml:e:1\ncompute: azureml:c\n",
    "command": "type: command\ncommand: x\nenvironment: azureml:e:1\nresources: {instance_count: 1}\nidentity: {}\n",
    "command job ": "command: python a.py\ncode: src\nenvironment: azureml:e:1\ncompute: azureml:c\ntags: {a: b}\n",
    "pipeline job": f"{S}/pipelineJob.schema.json\ntype: pipeline\njobs: {{a: {{component: ./c.yml}}}}\n",
    "pipeline": "type: pipeline\ninputs: {x: 1}\njobs: {a: {type: command}}\n",
    "sweep job": "type: sweep\nsampling_algorithm: random\nsearch_space: {}\nobjective: {}\ntrial: {command: x}\n",
    "component": f"{S}/commandComponent.schema.json\nname: c\nversion: 1\ntype: command\ncommand: x\n",
    "Spark": "type: spark\nentry: {file: a.py}\ncode: src\n",
    "AutoML job": "type: automl\ntask: classification\n",
    "data asset": "name: d\nversion: 1\ntype: uri_folder\npath: ./data\n",
    "MLTable": f"{S}/MLTable.schema.json\npaths: []\n",
    "datastore": "name: d\ntype: azure_blob\naccount_name: a\ncontainer_name: c\n",
    "compute cluster": "name: c\ntype: amlcompute\nsize: Standard_DS3_v2\nmin_instances: 0\ntier: dedicated\n",
    "schedule": "name: s\ntrigger: {type: cron, expression: '0 0 * * *'}\ncreate_job: ./job.yml\n",
    "monitoring schedule": f"{S}/monitorSchedule.schema.json\nname: m\ntrigger: {{}}\ncreate_monitor: {{}}\n",
    "batch endpoint": f"{S}/batchEndpoint.schema.json\nname: b-e\nauth_mode: aad_token\n",
    "batch endpoint ": "name: b-e\nauth_mode: aad_token\ndefaults: {deployment_name: x}\n",
    "batch deployment": "name: b\nendpoint_name: b-e\nmini_batch_size: 10\nerror_threshold: 1\nmodel: azureml:m:1\n",
    "batch endpoint  ": "name: b\ntype: batch\nauth_mode: aad_token\ndeployments: [{name: x}]\n",
    "registry": "name: r\nlocation: westeurope\nprimary_location: westeurope\nreplication_locations: []\n",
    "workspace": f"{S}/workspace.schema.json\nname: w\nlocation: westeurope\n",
    "feature set": f"{S}/Featureset.schema.json\nname: f\nversion: '1'\nspecification: {{}}\nentities: []\n",
    "feature store": f"{S}/featureStore.schema.json\nname: f\n",
    "connection": f"{S}/workspaceConnection.schema.json\nname: c\ntype: git\ntarget: x\ncredentials: {{}}\n",
    "conda file": "name: env\nchannels: [conda-forge]\ndependencies: [python=3.11, {pip: [numpy]}]\n",
    "conda file ": "dependencies:\n  - python=3.11\nvariables: {A: b}\n",
    "GitHub workflow": "name: ci\non: push\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ secrets.X }}'}]}}\n",
    "Azure Pipelines file": "trigger: [main]\npool: x\nsteps:\n  - ${{ if eq(variables.a, 'b') }}: x\n",
    "compose file": "services: {web: {image: nginx, ports: ['80:80']}}\nvolumes: {a: {}}\n",
    "Kubernetes manifest": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n",
    "pre-commit configuration": "repos: [{repo: x, hooks: []}]\n",
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "specs/env").mkdir(parents=True)
    (tmp_path / "specs/env/local.yml").write_text("project: p\nworkspace: local\n")
    (tmp_path / "specs/endpoint.yml").write_text(ENDPOINT)
    (tmp_path / "specs/deployment.yml").write_text(DEPLOYMENT)
    return tmp_path


def said(looked: Examined) -> list[tuple[str, str]]:
    return [(item.location.file.rpartition("/")[2], item.code) for item in looked.diagnostics]


def passed(looked: Examined) -> dict[str, str]:
    return {item.file.rpartition("/")[2]: item.what for item in looked.passed}


@pytest.mark.parametrize("noun", OTHERS)
def test_another_kind_beside_specs_is_named_and_passed_over(noun: str, project: Path) -> None:
    (project / "specs/other.yml").write_text(OTHERS[noun])
    looked = validate_project(project, "local")
    assert said(looked) == []
    assert looked.checked == ("specs/deployment.yml", "specs/endpoint.yml")
    assert noun.strip() in passed(looked)["other.yml"]


@pytest.mark.parametrize("noun", OTHERS)
def test_another_kind_alone_or_with_strict_is_an_error_that_names_it(noun: str, project: Path) -> None:
    other = project / "specs/other.yml"
    other.write_text(OTHERS[noun])
    code = "kind-batch" if "batch" in noun else "kind-other"
    assert said(validate_project(project, "local", strict=True)) == [("other.yml", code)]
    alone = validate_paths([other], project=project, env=None)
    assert said(alone) == [("other.yml", code)]
    assert noun.strip() in alone.diagnostics[0].summary
    assert said(validate_paths([other, project / "specs/endpoint.yml"], project=project, env=None)) == []


@pytest.mark.parametrize("noun", OTHERS)
def test_a_folder_names_what_it_holds_beside_its_specs(noun: str, project: Path) -> None:
    (project / "specs/other.yml").write_text(OTHERS[noun])
    looked = validate_paths([Path("specs")], project=project, env=None)
    assert looked.checked == ("specs/deployment.yml", "specs/endpoint.yml")
    assert noun.strip() in passed(looked)["other.yml"]


@pytest.mark.parametrize(
    ("name", "text", "codes"),
    [
        ("endpoint.yml", "name: Bad_name\nauth_mode: nokey\n", {"name-format", "wrong-value"}),
        ("ep.yml", "name: mine-ep\nauth_mode: key\ntrafic: {blue: 100}\n", {"unknown-field"}),
        ("d.yml", '"name": "blue_x"\n"endpoint_name": "mine-ep"\n"instance_typ": "x"\n', {"unknown-field"}),
        ("d.yml", '{"name": "blue_x", "endpoint_name": "mine-ep", "instance_typ": "x"}\n', {"unknown-field"}),
        ("my-endpoint.yml", "hello: 1\n", {"kind-unknown"}),
        ("deployment.yml", "hello: {{ 1\n", {"template-syntax"}),
        ("e.yml", "name: mine-ep\nauth_mode: key\ndependencies: [x]\nservices: {}\ncommand: x\n", {"unknown-field"}),
        ("d.yml", DEPLOYMENT + "channels: [x]\njobs: {}\ninputs: {}\n", {"unknown-field"}),
        ("e.yml", f"{S}/commandJob.schema.json\nname: mine-ep\nauth_mode: key\ntraffic: {{b: 1}}\n", {"traffic-sum"}),
    ],
)  # fmt: skip
def test_a_spec_with_a_mistake_is_found_in_a_folder(name: str, text: str, codes: set[str], tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / name).write_text(text)
    looked = validate_paths([Path("deploy")], project=tmp_path, env=None)
    assert codes <= {item.code for item in looked.diagnostics}
    assert looked.passed == ()


@pytest.mark.parametrize("text", ["hello: 1\n", "image: {tag: x}\nreplicas: 2\n", "- a\n- b\n", "a: {{ .Values.x }}\n"])
def test_yaml_of_who_knows_what_is_passed_over_in_a_folder(text: str, tmp_path: Path) -> None:
    (tmp_path / "values.yml").write_text(text)
    (tmp_path / "endpoint.yml").write_text(ENDPOINT)
    looked = validate_paths([Path()], project=tmp_path, env=None)
    assert said(looked) == []
    assert list(passed(looked)) == ["values.yml"]
    assert looked.checked == ("endpoint.yml",)


@pytest.mark.parametrize("files", [{}, {"a.txt": "x"}, {"_part.yml": ENDPOINT}, {"empty.yml": "# nothing\n"}])
def test_a_folder_without_a_spec_is_no_success(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    looked = validate_paths([Path()], project=tmp_path, env=None)
    assert [code for _, code in said(looked)] == ["nothing-checked"]
    assert looked.diagnostics[0].location.file == "."


def test_env_files_are_no_part_of_the_specs_folder(project: Path) -> None:
    assert validate_paths([Path("specs")], project=project, env=None).passed == ()


def test_a_project_without_a_spec_is_no_success(project: Path) -> None:
    for name in ("endpoint", "deployment"):
        (project / f"specs/{name}.yml").unlink()
    assert [code for _, code in said(validate_project(project, "local"))] == ["nothing-checked"]
    (project / "specs/job.yml").write_text(OTHERS["command job"])
    assert said(validate_project(project, "local")) == [("job.yml", "kind-other")]


@pytest.mark.parametrize(
    "text",
    [
        "name: old-ep\ntype: online\nauth_mode: key\ntraffic: {blue: 100}\ndeployments: [{name: blue, model: x}]\n",
        "name: old-ep\ntarget: azureml:aks\nauth_mode: key\ndeployments: [{name: blue}]\n",
        f"{S}/managedOnlineEndpoint.schema.json\nname: old-ep\ntype: online\ndeployments: {{blue: {{}}}}\n",
    ],
)
def test_the_format_of_2021_is_named_once(text: str, project: Path) -> None:
    (project / "specs/endpoint.yml").write_text(text)
    (project / "specs/deployment.yml").unlink()
    assert said(validate_project(project, "local")) == [("endpoint.yml", "kind-preview")]
