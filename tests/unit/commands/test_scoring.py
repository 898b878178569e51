"""score: what is sent where, in which order, and what becomes of the answers."""

from __future__ import annotations

import base64
import json

import pytest

from tests.unit.commands.conftest import Shop
from tests.unit.memory import answer


@pytest.fixture
def asking(deployed: Shop) -> Shop:
    """The project with two requests and a picture; answers say which deployment gave them."""
    for name in ("one", "two"):
        (deployed.folder / f"{name}.json").write_text(name)
    (deployed.folder / "seven.png").write_bytes(b"\x00\xff")
    deployed.workspace.respond = lambda name, now: answer(json.dumps([name]).encode())
    return deployed


PICTURE = json.dumps({"data": base64.b64encode(b"\x00\xff").decode()}).encode()


def test_pictures_and_then_requests_are_sent_in_the_order_typed(asking: Shop) -> None:
    words = ("--request", "two.json", "--request", "one.json", "--image", "seven.png")
    assert asking.run("score", "--env", "dev", *words).code == 0
    assert asking.workspace.sent == [("digits", PICTURE), ("digits", b"two"), ("digits", b"one")]
    assert [name for _, name in asking.workspace.asked] == ["", "", ""]


def test_each_answer_is_printed_as_text_or_as_json(asking: Shop) -> None:
    words = ("--deployment", "Blue", "--request", "one.json", "--request", "two.json")
    said = asking.run("score", "--env", "dev", *words)
    assert said.out == '["blue"]\ndeployment blue answered in 5.0 ms\n' * 2
    parts = asking.run("score", "--env", "dev", *words, "--json").out.split("\n}\n")[:-1]
    assert [json.loads(part + "}")["prediction"] for part in parts] == [["blue"], ["blue"]]


def test_one_failure_among_several_requests_is_a_failure(asking: Shop) -> None:
    words = ("--request", "one.json", "--request", "two.json")
    asking.workspace.respond = lambda name, now: answer(status=424 if len(asking.workspace.sent) == 1 else 200)
    said = asking.run("score", "--env", "dev", *words)
    assert said.code == 1
    assert len(asking.workspace.sent) == 2
    assert said.out.startswith("error: the model failed")


def test_without_anything_to_send_the_workspace_is_not_opened(shop: Shop) -> None:
    said = shop.run("score", "--env", "dev")
    assert (said.code, said.out, shop.workspace.opened) == (64, "", 0)
    assert said.err == (
        "error: there is nothing to score\n  Name a picture with --image or a JSON file with --request, "
        "or pass JSON as it is.\n"
    )


@pytest.mark.parametrize("words", [["--repeat", "4"], ["--repeat", "4", "--concurrency", "2"]])
def test_a_measurement_sends_the_requests_in_turn_to_the_deployment_named(asking: Shop, words: list[str]) -> None:
    files = ("--request", "one.json", "--request", "two.json", "--deployment", "Green")
    said = asking.run("score", "--env", "dev", *files, *words)
    assert said.code == 0
    assert sorted(asking.workspace.sent) == [("digits", b"one")] * 2 + [("digits", b"two")] * 2
    assert {name for _, name in asking.workspace.asked} == {"green"}
    assert said.out.startswith(f"4 requests, {words[-1] if len(words) > 2 else 1} at a time, in ")
    assert "answered by green 4" in said.out
    found = json.loads(asking.run("score", "--env", "dev", *files, *words, "--json").out)
    assert found["concurrency"] == (int(words[-1]) if len(words) > 2 else 1)
    assert (found["kind"], found["requests"], found["errors"]) == ("measurement", 4, {})


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([], "score"),
        (["--repeat", "1", "--concurrency", "1"], "score"),
        (["--repeat", "2"], "measurement"),
        (["--concurrency", "2"], "measurement"),
    ],
)
def test_more_than_one_request_at_all_or_at_a_time_is_a_measurement(asking: Shop, words: list[str], kind: str) -> None:
    said = asking.run("score", "--env", "dev", "--request", "one.json", "--json", *words)
    assert json.loads(said.out)["kind"] == kind


@pytest.mark.parametrize("words", [[], ["--repeat", "2"]])
def test_answers_are_coloured_on_a_terminal(asking: Shop, words: list[str]) -> None:
    command = ("score", "--env", "dev", "--request", "one.json", *words)
    assert "\x1b[" in asking.run(*command, typed="", color=True).out
    assert "\x1b[" not in asking.run(*command, color=True).out


def test_a_busy_endpoint_is_asked_again_and_a_measurement_shows_its_progress(asking: Shop) -> None:
    asking.workspace.respond = lambda name, now: answer(status=503 if len(asking.workspace.sent) == 1 else 200)
    said = asking.run("score", "--env", "dev", "--request", "one.json", "--repeat", "2", typed="")
    assert (said.code, len(asking.workspace.sent)) == (0, 3)
    assert "sending requests" in said.err
