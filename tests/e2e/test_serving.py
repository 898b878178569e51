"""The data plane with the real inference server behind the real front door."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3

from deployer.local_workspace.ports import WorkloadFailed
from tests.e2e.serving import FOREVER, Client, blocking, changed, run, until, workload, workspace


def test_a_deployment_answers_with_the_headers_of_azure(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(workload(tmp_path))
            stand.traffic = {"blue": 100}
            answer = await client.score(x_ms_client_request_id="mine-1.!" + "x" * 50, x_request_id="not-this")
            assert (answer.status, answer.json()) == (200, "blue")
            assert answer.headers.getlist("server") == ["azureml-frontdoor"]
            assert answer.headers["azureml-model-deployment"] == answer.headers["azureml-model-session"] == "blue"
            assert answer.headers["x-ms-client-request-id"] == ("mine-1" + "x" * 50)[:40]
            assert "not-this" not in answer.headers["x-request-id"]
            assert answer.headers["x-ms-run-function-failed"] == "False"
            assert answer.headers["x-ms-server-version"].startswith("azmlinfsrv/")
            assert "x-ms-run-fn-exec-ms" in answer.headers
            swagger = await client.score(path="/inference/E/swagger.json?version=3", method="GET")
            assert swagger.json()["openapi"].startswith("3.")
            assert "Users's init has completed" in stand.runtime.logs("e", "blue", "InferenceServer", 50)
            assert "azureml-inference-server-http" in stand.runtime.logs("e", "blue", "StorageInitializer", 50)
            assert len(stand.runtime.logs("e", "blue", "InferenceServer", 2).splitlines()) == 2

    run(body())


def test_the_scoring_script_sees_its_own_variables_and_no_secret(
    serving_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_USER", "s3cret")

    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            model = tmp_path / "model"
            blue = workload(tmp_path, body="return dict(os.environ)")
            mine = {"MINE": "1", "WORKER_COUNT": "1"}
            await stand.put(changed(blue, environment_variables=mine, model_dir=model))
            stand.traffic = {"blue": 100}
            seen = (await client.score()).json()
            assert seen["MINE"] == "1"
            assert seen["AZUREML_MODEL_DIR"] == str(model)
            assert (seen["AML_APP_ROOT"], seen["AZUREML_ENTRY_SCRIPT"]) == (str(blue.code_dir), "score.py")
            assert "A_SECRET_OF_THE_USER" not in seen
            assert seen["HOME"] != os.environ["HOME"]

    run(body())


def test_errors_of_the_model_are_424_and_its_body_stays(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, door, client):
            await stand.put(workload(tmp_path, body="raise ValueError(data) if data == 'x' else os._exit(1)"))
            stand.traffic = {"blue": 100}
            answer = await client.score(b"x")
            assert answer.status == 424
            assert answer.headers["ms-azureml-model-error-statuscode"] == "500"
            assert answer.headers["ms-azureml-model-error-reason"] == "model_error"
            assert answer.headers["azureml-model-deployment"] == "blue"
            assert "unexpected error occurred in scoring script" in answer.json()["message"]
            gone = await client.score(b"y")
            assert (gone.status, gone.headers["ms-azureml-model-error-statuscode"]) == (424, "502")
            wrong_method = await client.score(method="PUT")
            assert (wrong_method.status, wrong_method.headers["ms-azureml-model-error-statuscode"]) == (424, "405")
            traffic = door.traffic["e", "blue"]
            assert (traffic.requests, traffic.errors) == (3, 3)

    run(body())


def test_the_processor_time_of_a_deployment_grows_with_its_work(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _door, client):
            await stand.put(workload(tmp_path, body="return sum(range(10_000_000))"))
            stand.traffic = {"blue": 100}
            begun = stand.runtime.processor_seconds("e", "blue")
            assert begun > 0
            assert (await client.score(b"x")).status == 200
            assert stand.runtime.processor_seconds("e", "blue") > begun
            assert stand.runtime.processor_seconds("e", "green") == 0

    run(body())


def test_who_may_not_and_what_is_not_there(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(workload(tmp_path))
            assert (await client.score(key="wrong")).status == 401
            assert (await client.score(path="/inference/e/swagger.json", key="wrong")).status == 401
            assert (await client.score(path="/inference/other/score")).status == 404
            assert (await client.score(path="/inference/e/other")).status == 404
            no_traffic = await client.score()
            assert (no_traffic.status, "positive weight" in no_traffic.data.decode()) == (404, True)
            stand.traffic = {"gone": 100}
            assert (await client.score()).status == 404
            assert (await client.score(azureml_model_deployment="gone")).status == 404
            named = await client.score(azureml_model_deployment="BLUE")
            assert (named.status, named.json()) == (200, "blue")

    run(body())


def test_limits_and_time_outs(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            gate = tmp_path / "gate"
            slow = changed(workload(tmp_path, body=blocking(gate)), max_queue_wait_ms=0)
            await stand.put(slow)
            stand.traffic = {"blue": 100}
            stand.deployments["blue"] = changed(slow, request_timeout_ms=700)
            late = await client.score()
            assert (late.status, late.data) == (408, b"upstream request timeout")
            stand.deployments["blue"] = slow
            assert await _statuses(client, 3, gate) == [200, 200, 429], "one runs, one waits for as long as it takes"
            stand.deployments["blue"] = changed(slow, max_queue_wait_ms=50)
            assert await _statuses(client, 2, gate) == [200, 429], "one runs, one has waited for too long"
            gate.touch()
            assert (await client.score()).json() == "done"

    run(body())


async def _statuses(client: Client, number: int, gate: Path) -> list[int]:
    """The statuses of requests at once, none of which is served before the first one of them was refused."""
    gate.unlink(missing_ok=True)
    asked = [asyncio.create_task(client.score()) for _ in range(number)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    gate.touch()
    return sorted([(await each).status for each in asked])


def test_traffic_is_split_and_mirrored(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, door, client):
            green = workload(tmp_path, "green", "time.sleep(0.02); return 'green'")
            # Nobody waits for a copy: five may come at once, and what a deployment has no room for is dropped.
            room_for_all = changed(green, max_concurrent_requests_per_instance=5)
            await asyncio.gather(stand.put(workload(tmp_path)), stand.put(room_for_all))
            stand.traffic = {"blue": 50, "green": 50}
            answers = [(await client.score()).json() for _ in range(60)]
            assert set(answers) == {"blue", "green"}
            stand.traffic, stand.mirror = {"blue": 100, "green": 0}, {"green": 100}
            before = door.traffic["e", "green"].mirrored
            assert {(await client.score(b"{}")).json() for _ in range(5)} == {"blue"}
            assert (await client.score(azureml_model_deployment="blue")).json() == "blue"
            assert door.traffic["e", "green"].mirrored == before + 5
            served = "azmlinfsrv - POST /score 200"
            wanted = answers.count("green") + 5
            await until(lambda: stand.runtime.logs("e", "green", "InferenceServer", 1000).count(served) >= wanted)

    run(body())


RAW = """
import time
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from flask import Response
def init():
    pass
@rawhttp
def run(request):
    size = len(request.get_data())
    if request.args.get("how") == "chunks":
        return Response((b"%d" % i for i in range(size)), 200)
    if request.args.get("how") == "stuck":
        return Response((b"1" if not i else time.sleep(3600) for i in range(2)), 200)
    if request.args.get("how") == "created":
        return AMLResponse(b"made", 201)
    return AMLResponse(b"z" * size, 200)
"""


def test_large_and_chunked_bodies_pass_both_ways(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            blue = workload(tmp_path)
            assert blue.code_dir is not None
            (blue.code_dir / "score.py").write_text(RAW)
            await stand.put(blue)
            stand.traffic = {"blue": 100}
            size = 5_000_000
            assert (await client.score(b"x" * size)).data == b"z" * size
            in_chunks = await asyncio.to_thread(
                client.pool.request,
                "POST",
                client.url + "/inference/e/score",
                body=iter([b"ab", b"c" * 1000]),
                headers={"Authorization": "Bearer a key that opens the endpoint"},
                chunked=True,
            )
            assert (in_chunks.status, in_chunks.data) == (200, b"z" * 1002)
            streamed = await client.score(b"12345", path="/inference/e/score?how=chunks")
            assert (streamed.status, streamed.data) == (200, b"01234")
            created = await client.score(path="/inference/e/score?how=created")
            assert (created.status, created.headers["ms-azureml-model-error-statuscode"]) == (424, "201")
            assert created.data == b"made"
            stand.deployments["blue"] = changed(blue, request_timeout_ms=2000)
            with pytest.raises(urllib3.exceptions.ProtocolError):  # too late for a 408: the answer breaks off
                await client.score(path="/inference/e/score?how=stuck")

    run(body())


def test_a_failing_start_says_why_and_what_served_goes_on(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(workload(tmp_path))
            stand.traffic = {"blue": 100}
            with pytest.raises(WorkloadFailed) as crash:
                await stand.put(workload(tmp_path, init="raise ValueError('no model here')"))
            assert crash.value.code is None
            assert crash.value.message.startswith("ResourceNotReady: User container has crashed or terminated: ")
            assert "no model here" in crash.value.message
            assert "no model here" in stand.runtime.logs("e", "blue", "InferenceServer", 100)
            assert (await client.score()).json() == "blue"
            slow = workload(tmp_path, init=FOREVER)
            hurried = replace(slow.readiness_probe, initial_delay=0.5, period=0.1, failure_threshold=1, timeout=0.2)
            with pytest.raises(WorkloadFailed, match="Readiness probe failed"):
                await stand.put(changed(slow, readiness_probe=hurried))
            with pytest.raises(WorkloadFailed, match=r"no scoring script 'gone.py'"):
                await stand.put(changed(slow, scoring_script="gone.py"))
            assert (await client.score()).json() == "blue"

    run(body())


def test_deleting_stops_serving_even_while_it_starts(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            starting = asyncio.create_task(stand.put(workload(tmp_path, init=FOREVER)))
            await until(lambda: bool(stand.runtime.logs("e", "blue", "InferenceServer", 1)))
            await stand.runtime.delete("e", "blue")
            with pytest.raises(WorkloadFailed, match="deleted") as cancelled:
                await starting
            assert cancelled.value.code == "OperationCanceled"
            assert stand.runtime.logs("e", "blue", "InferenceServer", 1) == ""
            assert not list((serving_root / "run").glob("*.pid"))
            await stand.runtime.delete("e", "blue")
            await stand.put(workload(tmp_path))
            assert (await client.score(azureml_model_deployment="blue")).json() == "blue"

    run(body())


@pytest.mark.parametrize(
    ("conda", "words"),
    [
        (json.dumps({"dependencies": [{"pip": ["itsdangerous"]}]}), "has no azureml-inference-server-http"),
        (json.dumps({"dependencies": ["itsdangerous==99999"]}), "itsdangerous==99999"),
        (None, "does not pull images"),
    ],
)
def test_an_environment_that_cannot_serve_is_a_failed_build(
    serving_root: Path, tmp_path: Path, conda: str | None, words: str
) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, _client):
            with pytest.raises(WorkloadFailed) as failed:
                await stand.put(changed(workload(tmp_path), conda_file=conda))
            assert failed.value.code == "ImageBuildFailure"
            assert words in failed.value.message
            assert words in stand.runtime.logs("e", "blue", "StorageInitializer", 100) or "has no" in words

    run(body())


def test_who_asked_may_go_away(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(workload(tmp_path))
            starting = asyncio.create_task(stand.put(workload(tmp_path, init=FOREVER)))
            await until(lambda: len(list((serving_root / "run").glob("*.pid"))) == 2)
            starting.cancel()
            await asyncio.wait([starting])
            await until(lambda: len(list((serving_root / "run").glob("*.pid"))) == 1)
            assert (await client.score(azureml_model_deployment="blue")).json() == "blue"
            waiting = [asyncio.create_task(stand.put(workload(tmp_path, init=FOREVER))) for _ in range(2)]
            await asyncio.sleep(0)
            await stand.runtime.delete("e", "blue")
            for each in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(each, WorkloadFailed)
                assert each.code == "OperationCanceled"
            assert not list((serving_root / "run").glob("*.pid"))

    run(body())
