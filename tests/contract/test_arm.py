"""What Azure Resource Manager's answers look like: names, pages, versions, headers, the order of states."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.conftest import BASE, Workspace, deployment_body

ENDPOINT: dict[str, Any] = {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}
BLUE = "/onlineEndpoints/one/deployments/blue"


@pytest.fixture(scope="module")
def made(shared: Workspace) -> Workspace:
    """An endpoint with one deployment."""
    shared.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    shared.until("/onlineEndpoints/one", "Succeeded")
    shared.ask("PUT", BLUE, deployment_body(shared))
    shared.until(BLUE, "Succeeded")
    return shared


def test_paths_and_names_have_any_letter_case(made: Workspace) -> None:
    path = BASE.replace("resourceGroups", "RESOURCEGROUPS").replace("Microsoft", "microsoft") + "/ONLINEendpoints/ONE"
    answer = made.ask("GET", f"/{path}/Deployments/Blue")
    assert (answer.status, answer.body["name"]) == (200, "blue")
    environment = {"properties": {"image": "a"}}
    assert made.ask("PUT", "/environments/MiXed/versions/1", environment).status == 201
    assert made.ask("GET", "/environments/mixed").body["name"] == "MiXed"


def test_a_new_endpoint_has_no_addresses_until_it_is_there(workspace: Workspace) -> None:
    workspace.admin("POST", "faults", {"path": "/fresh$", "method": "PUT", "operation": "hang"})
    first = workspace.ask("PUT", "/onlineEndpoints/fresh", ENDPOINT)
    assert first.status == 201
    assert (first.body["properties"]["provisioningState"], first.body["properties"]["scoringUri"]) == ("Creating", None)
    workspace.admin("DELETE", "faults")
    body = workspace.until("/onlineEndpoints/fresh", "Succeeded")
    assert body["properties"]["scoringUri"] == f"{workspace.connection['api']}/inference/fresh/score"
    assert body["properties"]["publicNetworkAccess"] == "Enabled"


def test_the_old_split_is_shown_and_served_until_the_new_one_is_there(made: Workspace) -> None:
    made.admin("POST", "faults", {"path": "/one$", "method": "PUT", "operation": "hang"})
    wanted = ENDPOINT | {"properties": {"authMode": "Key", "traffic": {"blue": 100}}}
    put = made.ask("PUT", "/onlineEndpoints/one", wanted)
    assert (put.status, put.body["properties"]["traffic"]) == (201, {})
    assert made.ask("GET", "/onlineEndpoints/one").body["properties"]["provisioningState"] == "Updating"
    assert made.ask("POST", "//inference/ONE/score").body["route"]["traffic"] == {}
    made.admin("DELETE", "faults")
    assert made.until("/onlineEndpoints/one", "Succeeded")["properties"]["traffic"] == {"blue": 100}
    assert made.ask("POST", "//inference/ONE/score").body["route"] == {
        "traffic": {"blue": 100},
        "deployments": ["blue"],
    }
    made.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    assert made.until("/onlineEndpoints/one", "Succeeded")["properties"]["traffic"] == {}, "left out is gone"


def test_keys_open_their_endpoint_alone(made: Workspace) -> None:
    keys = made.ask("POST", "/onlineEndpoints/one/listKeys").body
    made.ask("PUT", "/onlineEndpoints/other", ENDPOINT)
    made.until("/onlineEndpoints/other", "Succeeded")

    def opens(endpoint: str, token: str) -> bool:
        return bool(made.ask("POST", f"//inference/{endpoint}/score", token=token).body["opens"])

    assert opens("one", keys["primaryKey"])
    assert opens("one", keys["secondaryKey"])
    assert not opens("other", keys["primaryKey"])
    assert not opens("one", "")
    assert not opens("nowhere", keys["primaryKey"])
    asked = {"keyType": "Primary", "keyValue": keys["primaryKey"]}
    assert made.ask("POST", "/onlineEndpoints/one/regenerateKeys", asked).status == 202
    assert not opens("one", keys["primaryKey"])
    assert opens("one", keys["secondaryKey"])


def test_an_entra_token_opens_an_endpoint_that_takes_those(made: Workspace) -> None:
    made.ask("PUT", "/onlineEndpoints/entra", ENDPOINT | {"properties": {"authMode": "AADToken"}})
    made.until("/onlineEndpoints/entra", "Succeeded")
    assert made.ask("POST", "//inference/entra/score").body["opens"], "the token of the control plane stands for it"
    assert not made.ask("POST", "//inference/entra/score", token="other").body["opens"]


def test_lists_come_in_pages(made: Workspace) -> None:
    for number in range(5):
        made.ask("PUT", f"/onlineEndpoints/page-{number}", ENDPOINT | {"tags": {"page": "yes"}})
    found, path, pages = [], "/onlineEndpoints?count=2&tags=page%3Dyes", 0
    while path:
        body = made.ask("GET", path).body
        found += [item["name"] for item in body["value"]]
        following = body.get("nextLink", "")
        assert not following or parse_qs(urlsplit(following).query)["count"] == ["2"]
        path, pages = following.removeprefix(made.connection["api"] + BASE), pages + 1
    assert (found, pages) == ([f"page-{number}" for number in range(5)], 3)


def test_the_newest_version_is_one_page(made: Workspace) -> None:
    for version in ("1", "2", "10"):
        made.ask("PUT", f"/environments/versioned/versions/{version}", {"properties": {"image": version}})
    newest = made.ask("GET", "/environments/versioned/versions?$orderBy=createdtime%20desc&$top=1").body
    assert ([item["name"] for item in newest["value"]], "nextLink" in newest) == (["10"], False)
    assert made.ask("GET", "/environments/versioned").body["properties"]["nextVersion"] == "11"


@pytest.mark.parametrize(
    ("version", "there", "gone"),
    [
        ("2022-02-01-preview", {"privateNetworkConnection"}, {"dataCollector", "startupProbe"}),
        ("2023-04-01-preview", {"dataCollector"}, {"privateNetworkConnection", "startupProbe"}),
        ("2025-01-01-preview", {"dataCollector", "startupProbe"}, {"privateNetworkConnection"}),
    ],
)
def test_bodies_have_the_members_of_their_version(
    made: Workspace, version: str, there: set[str], gone: set[str]
) -> None:
    members = made.ask("GET", f"{BLUE}?api-version={version}").body["properties"].keys()
    assert there <= members
    assert not gone & members


def test_operations_have_the_members_of_their_version_in_order(made: Workspace) -> None:
    started = made.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    path = urlsplit(started.headers["azure-asyncoperation"])
    made.until("/onlineEndpoints/one", "Succeeded")
    newer = made.ask("GET", f"/{path.path}?api-version=2023-04-01-preview").body
    assert list(newer) == ["id", "name", "status", "startTime", "endTime", "percentComplete"]
    older = made.ask("GET", f"/{path.path}?api-version=2022-02-01-preview").body
    assert list(older) == ["id", "name", "startTime", "endTime", "percentComplete", "status"]
    kind, workspace_id, operation = newer["name"].split(":")
    assert (kind, uuid.UUID(workspace_id).version, uuid.UUID(operation).version) == ("oeidp", 4, 4)
    assert newer["percentComplete"] == 0.0
    assert "&s=" in started.headers["azure-asyncoperation"], "the address is signed in the header alone"
    uri = made.ask("GET", "/onlineEndpoints/one").body["properties"]["properties"]["AzureAsyncOperationUri"]
    assert "&s=" not in uri


def test_durations_that_are_written_but_not_shown(made: Workspace) -> None:
    body = deployment_body(made)
    body["properties"]["requestSettings"] = {"maxQueueWait": "PT0.7S", "requestTimeout": "PT1.5S"}
    made.ask("PUT", BLUE, body)
    shown = made.until(BLUE, "Succeeded")["properties"]["requestSettings"]
    assert shown == {"maxQueueWait": "PT0S", "requestTimeout": "PT1.5S", "maxConcurrentRequestsPerInstance": 1}
    log = made.ask("POST", f"{BLUE}/getLogs", {"containerType": "InferenceServer", "tail": 1}).body["content"]
    assert "request_timeout_ms=1500" in log
    assert "max_queue_wait_ms=700" in log


def test_patch_changes_tags_and_scale_alone(made: Workspace) -> None:
    patched = made.ask("PATCH", "/onlineEndpoints/one", {"tags": {"team": "vision"}})
    assert (patched.status, patched.body["tags"]) == (200, {"team": "vision"})
    assert made.ask("PATCH", "/onlineEndpoints/one", {"properties": {"traffic": {}}}).status == 400
    scaled = made.ask("PATCH", BLUE, {"sku": {"name": "Default", "capacity": 3}})
    assert (scaled.status, scaled.body["properties"]["provisioningState"]) == (202, "Scaling")
    assert made.until(BLUE, "Succeeded")["sku"] == {"name": "Default", "tier": "Standard", "capacity": 3}


def test_deleting_what_is_not_there_is_no_content(made: Workspace) -> None:
    for path in ("/onlineEndpoints/nowhere", "/onlineEndpoints/one/deployments/nowhere"):
        answer = made.ask("DELETE", path)
        assert (answer.status, answer.body) == (204, b"")


def test_a_delete_is_accepted_with_a_json_null(workspace: Workspace) -> None:
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    answer = workspace.ask("DELETE", "/onlineEndpoints/one")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (202, None, "4")
    assert "/mfeOperationResults/oeidp:" in answer.headers["location"]


def test_the_last_unused_mirror_goes_with_its_deployment(made: Workspace) -> None:
    path = "/onlineEndpoints/one/deployments/shadow"
    made.ask("PUT", path, deployment_body(made))
    made.until(path, "Succeeded")
    made.ask(
        "PUT", "/onlineEndpoints/one", ENDPOINT | {"properties": {"authMode": "Key", "mirrorTraffic": {"shadow": 10}}}
    )
    made.until("/onlineEndpoints/one", "Succeeded")
    assert made.ask("DELETE", path).status == 202
    while made.ask("GET", path).status != 404:
        pass
    assert made.ask("GET", "/onlineEndpoints/one").body["properties"]["mirrorTraffic"] == {}


def test_skus_say_how_far_a_deployment_scales(made: Workspace) -> None:
    (sku,) = made.ask("GET", f"{BLUE}/skus").body["value"]
    assert sku["capacity"] == {"minimum": 1, "maximum": 50, "default": 1, "scaleType": "Manual"}


def test_the_log_has_every_request_without_signatures(made: Workspace) -> None:
    scored = made.admin("GET", "scored").body["scored"]
    assert made.ask("POST", "//inference/one/score").status == 200
    assert made.admin("GET", "scored").body["scored"] == scored + 1
    lines = made.requests()
    assert {"method", "path", "status", "ms"} == lines[0].keys()
    assert not [line for line in lines if "/inference/" in line["path"]], "scoring is counted, not logged"
    uploads = [line["path"] for line in lines if line["path"].startswith("/store.blob.local/")]
    assert uploads
    assert all("sig=*" in path for path in uploads)


def test_the_sdk_finds_the_datastore(client: Any) -> None:
    assert [item.name for item in client.datastores.list()] == ["workspaceblobstore"]
    assert client.datastores.get_default().name == "workspaceblobstore"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("orderBy=createdtime&orderByAsc=false&count=30", 1),
        ("names=other,workspaceblobstore", 1),
        ("names=other", 0),
        ("searchText=blob", 1),
        ("searchText=files", 0),
        ("isDefault=false", 0),
    ],
)
def test_datastores_are_listed_as_asked(made: Workspace, query: str, count: int) -> None:
    assert len(made.ask("GET", f"/datastores?{query}").body["value"]) == count


@pytest.mark.parametrize(
    ("query", "versions"),
    [("", ["2", "1"]), ("description=second", ["2"]), ("description=no", []), ("offset=1", ["1"]), ("feed=f", [])],
)
def test_model_versions_are_listed_as_asked(made: Workspace, query: str, versions: list[str]) -> None:
    for version, description in (("1", "first"), ("2", "second")):
        properties = {"modelUri": f"azureml://jobs/{version}", "description": description}
        made.ask("PUT", f"/models/described/versions/{version}", {"properties": properties})
    found = made.ask("GET", f"/models/described/versions?{query}").body["value"]
    assert [item["name"] for item in found] == versions
    assert made.ask("GET", "/models/described/versions?offset=-1").status == 400


def test_data_versions_are_listed_by_either_name_of_the_tags(made: Workspace) -> None:
    for version, tags in (("1", {"kind": "a"}), ("2", {"kind": "b"})):
        properties = {"dataUri": f"azureml://jobs/{version}", "dataType": "uri_folder", "tags": tags}
        assert made.ask("PUT", f"/data/tagged/versions/{version}", {"properties": properties}).status == 201
    for name in ("tags", "$tags"):
        found = made.ask("GET", f"/data/tagged/versions?{name}=kind%3Db").body["value"]
        assert [item["name"] for item in found] == ["2"]


def test_files_are_served_to_the_account_key_too(made: Workspace, tmp_path: Path) -> None:
    from azure.storage.blob import BlobServiceClient

    key = made.ask("POST", "/datastores/workspaceblobstore/listSecrets").body["key"]
    container = made.ask("GET", "/datastores/workspaceblobstore").body["properties"]["containerName"]
    ca = str(made.root / "ca.pem")
    account = f"{made.connection['api']}/store.blob.local"
    with BlobServiceClient(account, credential=key, connection_verify=ca) as service:
        blob = service.get_blob_client(container, "folder/a file.txt")
        blob.upload_blob(b"content", overwrite=True, metadata={"a": "1"})
        assert blob.download_blob().readall() == b"content"
        assert blob.get_blob_properties().metadata == {"a": "1"}
        assert [item.name for item in service.get_container_client(container).list_blobs()] == ["folder/a file.txt"]
    with BlobServiceClient(account, credential="d3Jvbmc=", connection_verify=ca, retry_total=0) as service:
        refused = service.get_blob_client(container, "folder/a file.txt")
        with pytest.raises(Exception, match="Server failed to authenticate the request"):
            refused.download_blob()


@pytest.mark.parametrize("path", ["../../state.db", "..%2f..%2fstate.db", "%2e%2e/%2e%2e/token", "a//b", "a/./b"])
def test_no_path_leads_out_of_the_containers(made: Workspace, path: str) -> None:
    datastore = made.ask("GET", "/datastores/workspaceblobstore").body["properties"]
    token = made.ask("POST", "/datastores/workspaceblobstore/listSecrets", {"expirableSecret": True}).body["sasToken"]
    answer = made.ask("PUT", f"//store.blob.local/{datastore['containerName']}/{path}?{token}", b"x")
    assert answer.status in (400, 403), answer


def test_a_signature_opens_its_own_container_alone(made: Workspace) -> None:
    token = made.ask("POST", "/datastores/workspaceblobstore/listSecrets", {"expirableSecret": True}).body["sasToken"]
    assert made.ask("PUT", f"//store.blob.local/another/blob?{token}", b"x").status == 403


def test_lists_of_versions_are_narrowed_and_ordered(made: Workspace) -> None:
    for version, tags in (("1", {"stage": "old"}), ("2", {"stage": "new"}), ("3", {})):
        made.ask(
            "PUT", f"/models/narrow/versions/{version}", {"properties": {"tags": tags, "modelUri": "azureml://a/b"}}
        )

    def names(query: str) -> list[str]:
        return [item["name"] for item in made.ask("GET", f"/models/narrow/versions?{query}").body["value"]]

    assert names("tags=stage") == ["2", "1"]
    assert names("tags=stage%3Dnew") == ["2"]
    assert names("version=3") == ["3"]
    assert names("$orderBy=createdtime%20asc") == ["1", "2", "3"]


def test_deployments_and_endpoints_are_ordered_as_asked(made: Workspace) -> None:
    for name in ("order-a", "order-b"):
        made.ask("PUT", f"/onlineEndpoints/{name}", ENDPOINT | {"tags": {"order": "yes"}})

    def names(order: str) -> list[str]:
        body = made.ask("GET", f"/onlineEndpoints?tags=order&orderBy={order}").body
        return [item["name"] for item in body["value"]]

    assert (names("CreatedAtAsc"), names("CreatedAtDesc")) == (["order-a", "order-b"], ["order-b", "order-a"])
    assert made.ask("GET", "/onlineEndpoints/one/deployments?$orderBy=CreatedAtDesc").status == 200


def test_assets_show_a_state_since_2023(made: Workspace) -> None:
    made.ask("PUT", "/environments/stated/versions/1", {"properties": {"image": "a"}})
    path = "/environments/stated/versions/1?api-version="
    assert "provisioningState" not in made.ask("GET", f"{path}2022-05-01").body["properties"]
    assert made.ask("GET", f"{path}2023-04-01").body["properties"]["provisioningState"] == "Succeeded"


def test_keys_made_during_an_update_stay(workspace: Workspace) -> None:
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    workspace.admin("POST", "faults", {"path": "/one$", "method": "PUT", "operation": "hang"})
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT | {"tags": {"a": "1"}})
    workspace.ask("POST", "/onlineEndpoints/one/regenerateKeys", {"keyType": "Primary"})
    during = workspace.ask("POST", "/onlineEndpoints/one/listKeys").body
    workspace.admin("DELETE", "faults")
    assert workspace.until("/onlineEndpoints/one", "Succeeded")["tags"] == {"a": "1"}
    assert workspace.ask("POST", "/onlineEndpoints/one/listKeys").body == during


def test_no_traffic_goes_to_what_is_being_deleted(workspace: Workspace, serving_assets: dict[str, Any]) -> None:
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    workspace.ask("PUT", BLUE, serving_assets)
    workspace.until(BLUE, "Succeeded")
    workspace.admin("POST", "faults", {"path": "/blue$", "method": "DELETE", "operation": "hang"})
    assert workspace.ask("DELETE", BLUE).status == 202
    wanted = ENDPOINT | {"properties": {"authMode": "Key", "traffic": {"blue": 100}}}
    assert workspace.ask("PUT", "/onlineEndpoints/one", wanted).status == 400
    assert workspace.ask("PUT", BLUE, serving_assets).status == 409
