"""The uploaded folder on Microsoft's inference server: bytes, statuses, logs."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring.contract import MAX_BODY_BYTES
from tests.scoring.bodies import body
from tests.scoring.fuzz import fuzzed
from tests.scoring.server import READY, ROOT, OverSocket, Reply, Server, reply, serving, uploaded

SERVING_MODULES = {"score.py", "contract.py", "engines.py", "images.py", "ink.py", "refusal.py"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model_dir: Path) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("s"), model_dir) as running:
        running.wait_for(READY)
        yield running


def error_of(given: Reply) -> tuple[int, str]:
    document = json.loads(given.body)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message"}
    assert given.headers["Content-Type"] == "application/json"
    assert given.headers["x-ms-run-function-failed"] == "False"
    return given.status, document["error"]["code"]


def test_only_what_serves_is_uploaded() -> None:
    assert {str(path) for path in uploaded(ROOT / "scoring")} == SERVING_MODULES


def test_caches_and_training_are_never_uploaded(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "scoring" / ".amlignore", tmp_path / ".amlignore")
    for name in ("score.py", "__pycache__/score.cpython-311.pyc", "model/score.py", "train.py", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path) for path in uploaded(tmp_path)] == ["score.py"]


def test_the_answer_is_json_once(server: Server, seven: bytes) -> None:
    given = server.send(body(seven))
    assert (given.status, given.body, given.headers["Content-Type"]) == (200, b"7", "application/json")
    assert server.send(body(seven, seven, as_list=True)).body == b"[7, 7]"
    probabilities = json.loads(server.send(body(seven, probabilities=True)).body)
    assert probabilities["digit"] == 7
    assert len(probabilities["probabilities"]) == 10
    assert probabilities["confident"] is True


def test_mistakes_are_the_clients(server: Server, seven: bytes) -> None:
    assert error_of(server.send(b"seven")) == (400, "not_json")
    assert error_of(server.send(b'{"data": "\xff"}')) == (400, "not_json")
    assert error_of(server.send(body(b"seven"))) == (415, "not_an_image")
    assert error_of(server.send(seven)) == (415, "bare_image")
    assert error_of(server.send(b" " * (MAX_BODY_BYTES + 1))) == (413, "body_too_large")
    assert error_of(server.send(b"", method="GET")) == (405, "method_not_allowed")


def test_a_body_without_a_length_is_limited_too(server: Server, seven: bytes) -> None:
    chunks = (b" " * 65536 for _ in range(MAX_BODY_BYTES // 65536 + 1))
    connection = OverSocket(server.socket)
    connection.request("POST", "/score", chunks, encode_chunked=True, headers={"transfer-encoding": "chunked"})
    assert error_of(reply(connection.getresponse())) == (413, "body_too_large")
    connection = OverSocket(server.socket)
    good = iter((body(seven)[:100], body(seven)[100:]))
    connection.request("POST", "/score", good, encode_chunked=True, headers={"transfer-encoding": "chunked"})
    assert reply(connection.getresponse()).body == b"7"


def test_a_preflight_request_is_let_through(server: Server) -> None:
    assert server.send(b"", method="OPTIONS").status == 200


def test_every_request_has_one_line_in_the_log(server: Server, seven: bytes) -> None:
    image = b64encode(seven).decode()
    server.send(body(seven), headers={"x-request-id": "good-one"})
    server.send(body(seven)[:-2], headers={"x-request-id": 'quo"ted'})
    good = json.loads(server.wait_for('"good-one"').split(" - ", 1)[1])
    assert good.pop("ms") > 0
    assert good == {"event": "score", "id": "good-one", "engine": "litert", "outcome": "ok"}
    bad = json.loads(server.wait_for('"quo\\"ted"').split(" - ", 1)[1])
    assert bad["outcome"] == "not_json"
    assert not any(image[:40] in line for line in server.lines)


def test_an_id_of_the_servers_own_is_logged(server: Server, seven: bytes) -> None:
    given = server.send(body(seven))
    assert '"outcome": "ok"' in server.wait_for(given.headers["x-request-id"])


def test_fuzzed_bodies_never_make_a_server_error(server: Server) -> None:
    for number, request_body in enumerate(fuzzed(seed=1, count=200)):
        given = server.send(request_body)
        assert given.status in {200, 400, 413, 415}, f"body {number} was answered with {given}"
    assert not any("Traceback" in line for line in server.lines)


def test_old_clients_can_keep_the_tutorials_bytes(tmp_path: Path, model_dir: Path, seven: bytes) -> None:
    with serving(tmp_path, model_dir, {"SCORING_TUTORIAL_BYTES": "1"}) as server:
        server.wait_for(READY)
        assert server.send(body(seven)).body == b'"7"'


def test_a_wrong_model_ends_the_server_with_its_reason(tmp_path: Path, model_dir: Path) -> None:
    broken = tmp_path / "model"
    shutil.copytree(model_dir / "INPUT_model", broken / "INPUT_model")
    (broken / "INPUT_model" / "saved_model.pb").write_bytes(b"another model")
    with serving(tmp_path, broken) as server:
        server.wait_for("was not made from the SavedModel beside it")
        assert server.process.wait(20) == 3


@pytest.mark.long
def test_twenty_thousand_fuzzed_bodies(tmp_path: Path, model_dir: Path, seven: bytes) -> None:
    with serving(tmp_path, model_dir) as server:
        server.wait_for(READY)
        worker = server.wait_for(READY)
        before = 0
        for number, request_body in enumerate(fuzzed(seed=2, count=20_000)):
            status = server.send(request_body).status
            assert status in {200, 400, 413, 415}, f"body {number} was answered with {status}"
            before = server.worker_rss() if number == 4_000 else before
        assert server.worker_rss() < before + 8_000_000
        assert not any("Traceback" in line for line in server.lines)
        assert [line for line in server.lines if READY in line] == [worker]
        assert server.send(body(seven)).body == b"7"
