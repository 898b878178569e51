"""What is typed every day: keys, logs and status, and how to call an endpoint from elsewhere."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import jsonschema
import pytest

from deployer.commands import logs, status
from deployer.core.resources import endpoint_ref
from deployer.core.workspace import Wanted
from tests.unit.commands.conftest import DEV, KEYS, Shop
from tests.unit.memory import answer


def test_a_body_can_be_typed_named_or_piped_in(deployed: Shop) -> None:
    deployed.write("one.json", 1)
    deployed.workspace.respond = lambda name, now: answer(b"7")
    piped = io.TextIOWrapper(io.BytesIO(b"[3]"))
    assert deployed.run("score", "[2]", "--env", "dev").code == 0
    assert deployed.run("score", "one.json", "--env", "dev").code == 0
    assert deployed.run("score", "-", "--env", "dev", stdin=piped).code == 0
    assert deployed.run("score", "--request", "-", "--env", "dev", stdin=io.TextIOWrapper(io.BytesIO(b"4"))).code == 0
    assert [body for _, body in deployed.workspace.sent] == [b"[2]", b"1", b"[3]", b"4"]


@pytest.mark.parametrize("body", ["one.jsn", "{no json}", "x" * 5000])
def test_what_is_neither_json_nor_a_file_is_not_sent(deployed: Shop, body: str) -> None:
    said = deployed.run("score", body, "--env", "dev")
    assert (said.code, deployed.workspace.sent) == (64, [])
    assert "is neither JSON nor a file\n  Pass JSON in quotes" in said.err


def test_a_picture_that_is_not_there_is_said(deployed: Shop) -> None:
    assert "nine.PNG cannot be read" in deployed.run("score", "nine.PNG", "--env", "dev").err


def test_the_ways_to_call_an_endpoint_send_nothing_and_hold_no_key(deployed: Shop) -> None:
    state = deployed.workspace.state
    there = state.resources[endpoint_ref("digits")]
    reached = replace(there, observed=replace(there.seen, scoring_uri="https://digits.example/score"))
    deployed.workspace.state = replace(state, resources={**state.resources, there.ref: reached})
    said = deployed.run("score", "[1]", "--env", "dev", "--curl", "--deployment", "Blue")
    assert (said.code, deployed.workspace.sent) == (0, [])
    assert "keys --print token --env dev" in said.out
    assert "azureml-model-deployment: blue" in said.out
    assert "cacert" not in said.out
    program = deployed.run("score", "[1]", "--env", "dev", "--python").out
    compile(program, "snippet", "exec")
    assert not any(key in said.out + program for key in KEYS)


@pytest.mark.parametrize(
    "words", [["--curl", "--python"], ["--curl", "--image", "a.png"], ["--python", "--repeat", "2"]]
)
def test_one_snippet_sends_one_request(deployed: Shop, words: list[str]) -> None:
    said = deployed.run("score", "[1]", "--env", "dev", *words)
    assert (said.code, said.err.splitlines()[0]) == (64, "error: one snippet sends one request")


def test_an_endpoint_that_is_not_there_cannot_be_called(shop: Shop) -> None:
    said = shop.run("score", "[1]", "--env", "dev", "--curl")
    assert (said.code, said.out) == (1, "")
    assert "has no address yet\n  Create it with `deployer apply --env dev`." in said.err


@pytest.mark.parametrize(("wanted", "printed"), [("primary", KEYS[0]), ("secondary", KEYS[1]), ("token", "token-1")])
def test_one_key_alone_is_printed_for_scripts(deployed: Shop, wanted: str, printed: str) -> None:
    assert deployed.run("keys", "--env", "dev", "--print", wanted).out == f"{printed}\n"
    refused = deployed.run("keys", "--env", "dev", "--print", wanted, "--json")
    assert (refused.code, refused.out) == (64, "")


def test_keys_as_json_are_masked_too(deployed: Shop) -> None:
    assert json.loads(deployed.run("keys", "--env", "dev", "--json").out)["primary"].startswith("prim…")
    assert json.loads(deployed.run("keys", "--env", "dev", "--json", "--show-secrets").out)["secondary"] == KEYS[1]


def test_a_key_is_replaced_once_somebody_agreed(deployed: Shop) -> None:
    words = ("keys", "--env", "dev", "--rotate", "secondary")
    unasked, refused = deployed.run(*words), deployed.run(*words, typed="no")
    assert (unasked.code, refused.code, deployed.workspace.rotated) == (64, 1, [])
    assert "Nothing was changed." in refused.err
    agreed = deployed.run(*words, typed="yes")
    assert (agreed.code, deployed.workspace.rotated) == (0, [("digits", "secondary")])
    assert "Callers that use the secondary key of digits will be refused." in agreed.err
    assert "`deployer keys --rotate primary --env dev`" in agreed.err
    assert KEYS[0] not in agreed.out + agreed.err
    assert deployed.run("keys", "--rotate", "primary").code == 0
    assert deployed.run(*words, "--yes").code == 0
    assert len(deployed.workspace.rotated) == 3


def written(minutes_ago: int, text: str) -> str:
    return f"{datetime.now(UTC) - timedelta(minutes=minutes_ago):%Y-%m-%d %H:%M:%S},123 I [1] azmlinfsrv - {text}"


def logging(shop: Shop, monkeypatch: pytest.MonkeyPatch, *lines: str) -> list[str]:
    """The lines that every container of the workspace has logged; more can be added."""
    logged = list(lines)
    monkeypatch.setattr(shop.workspace, "logs", lambda ref, container, tail: "\n".join(logged[-tail:]))
    return logged


def test_logs_since_a_time_leave_out_what_is_older(deployed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = written(30, "old"), written(3, "new")
    logging(deployed, monkeypatch, "without a time", old, "  of the old", new, "  of the new")
    for since in ("10m", f"{datetime.now(UTC) - timedelta(minutes=10):%Y-%m-%dT%H:%M:%S}"):
        assert deployed.run("logs", "blue", "--env", "dev", "--since", since).out == f"{new}\n  of the new\n"
    assert deployed.run("logs", "blue", "--env", "dev", "--since", "1m").out == ""
    bad = deployed.run("logs", "blue", "--env", "dev", "--since", "soon")
    assert (bad.code, bad.err.splitlines()[0]) == (64, "error: --since soon is no time")


def test_logs_of_all_deployments_say_whose_they_are(deployed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    logging(deployed, monkeypatch, "one", "two")
    said = deployed.run("logs", "--all", "--env", "dev", "--tail", "1")
    assert said.out == "blue | two\ngreen | two\n"
    for words in ([], ["blue", "--all"]):
        assert deployed.run("logs", *words, "--env", "dev").code == 64


def stop_after(monkeypatch: pytest.MonkeyPatch, module: object, *events: Callable[[], object]) -> None:
    """Between two looks of a command one of the events happens; after the last, the user presses Ctrl-C."""
    left = list(events)

    class Stopping:
        def __enter__(self) -> Callable[[float], bool]:
            return self.pause

        def __exit__(self, *_: object) -> None: ...

        def pause(self, _seconds: float) -> bool:
            if not left:
                return True
            left.pop(0)()
            return False

    monkeypatch.setattr(module, "stoppable", Stopping)


def test_following_logs_prints_every_line_once(deployed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    logged = logging(deployed, monkeypatch, "one", "two", "three")
    nothing: Callable[[], object] = lambda: None  # noqa: E731
    stop_after(monkeypatch, logs, lambda: logged.append("three"), nothing, lambda: logged.extend(["four", "five"]))
    said = deployed.run("logs", "blue", "--env", "dev", "--follow", "--tail", "2")
    assert (said.code, said.out.split()) == (0, ["two", "three", "three", "four", "five"])


def test_a_secret_is_masked_in_logs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hunter2-and-more")
    variables = {"environment_variables": {"TOKEN": "{{ secret('SHOP_TOKEN') }}"}}
    shop.write("specs/digits/deployment-blue.yml", {**shop.deployment("digits", "blue"), **variables})
    shop.applied()
    logging(shop, monkeypatch, "the token is hunter2-and-more", "and \x1b[31mred")
    for words in (["blue"], ["--all"], ["blue", "--endpoint", "digits"]):
        said = shop.run("logs", *words, "--env", "dev")
        assert "the token is (sensitive)" in said.out
        assert "hunter2" not in said.out + said.err
        assert "\x1b" not in said.out


def test_status_as_json_and_of_everything(deployed: Shop) -> None:
    said = json.loads(deployed.run("status", "--env", "dev", "--json").out)
    (digits,) = said["endpoints"]
    assert {item["name"]: item["traffic"] for item in digits["deployments"]} == {"blue": 100, "green": 0}
    deployed.run("status", "--env", "dev", "--all")
    assert deployed.workspace.wanted[-1] == Wanted(endpoints=frozenset({"digits"}), project="shop", everything=True)


def test_a_watched_status_is_printed_when_it_changes(deployed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def change() -> None:
        left = {ref: item for ref, item in deployed.workspace.state.resources.items() if ref.name != "green"}
        deployed.workspace.state = type(deployed.workspace.state)(resources=left)

    nothing: Callable[[], object] = lambda: None  # noqa: E731
    stop_after(monkeypatch, status, nothing, change, nothing)
    said = deployed.run("status", "--env", "dev", "--watch", "--json")
    found = [json.loads(line) for line in said.out.splitlines() if line]
    assert [[item["name"] for item in each["endpoints"][0]["deployments"]] for each in found] == [
        ["blue", "green"],
        ["blue"],
    ]


def test_a_terminal_shows_the_watched_status_in_place(deployed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after(monkeypatch, status, lambda: None)
    assert deployed.run("status", "--env", "dev", "--watch", typed="", color=True).out.count("\x1b[H\x1b[J") == 2
    stop_after(monkeypatch, status, lambda: None)
    assert "\x1b" not in deployed.run("status", "--env", "dev", "--watch").out


@pytest.mark.parametrize("words", [["rollback", "--yes"], ["destroy", "--yes", "digits"], ["history"]])
def test_what_changes_or_looks_has_a_form_for_programs(deployed: Shop, words: list[str]) -> None:
    deployed.declare("digits", green=100)
    deployed.applied()
    said = deployed.run(*words, "--env", "dev", "--json")
    assert said.code == 0, said
    assert json.loads(said.out)["kind"] in {"outcome", "history"}


def test_a_destroy_of_nothing_is_an_empty_outcome(shop: Shop) -> None:
    assert json.loads(shop.run("destroy", "--env", "dev", "--json", "--yes", "digits").out)["results"] == []


def test_two_envs_are_compared_without_a_workspace(shop: Shop) -> None:
    shop.write("specs/env/dev.yml", {"project": "shop", "workspace": DEV, "variables": {"size": 3}})
    shop.write("specs/env/local.yml", {"project": "shop", "workspace": "local", "variables": {"size": 1}})
    text = (shop.folder / "specs/digits/deployment-blue.yml").read_text()
    changed = text.replace('"instance_count": 1', '"instance_count": "{{ size }}"')
    (shop.folder / "specs/digits/deployment-blue.yml").write_text(changed)
    said = shop.run("diff", "--env", "dev", "--against", "local")
    assert said.out == (
        "deployment digits/blue\n  instance_count: dev 3, local 1\n\n1 difference between dev and local.\n"
    )
    assert (said.code, shop.workspace.opened) == (0, 0)
    assert json.loads(shop.run("diff", "--env", "dev", "--against", "local", "--json").out)["differences"] == [
        {"resource": "deployment digits/blue", "field": "instance_count", "value": "3", "other": "1"}
    ]
    assert shop.run("diff", "--env", "dev", "--against", "dev").code == 64
    assert "no env" in shop.run("diff", "--env", "dev", "--against", "nowhere").err


def test_secrets_of_both_envs_are_masked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEV_TOKEN", "hunter2-and-more")
    monkeypatch.setenv("LOCAL_TOKEN", "something-else-then")
    for env, name in (("dev", "DEV_TOKEN"), ("local", "LOCAL_TOKEN")):
        where = DEV if env == "dev" else "local"
        shop.write(f"specs/env/{env}.yml", {"project": "shop", "workspace": where, "variables": {"token": name}})
    variables = {"environment_variables": {"TOKEN": "{{ secret(token) }}"}}
    shop.write("specs/digits/deployment-blue.yml", {**shop.deployment("digits", "blue"), **variables})
    said = shop.run("diff", "--env", "dev", "--against", "local")
    assert "environment_variables.TOKEN: dev (sensitive), local (sensitive)" in said.out
    assert not any(secret in said.out + said.err for secret in ("hunter2", "something-else"))


def test_a_schema_is_printed_whole_or_all_are_written(shop: Shop) -> None:
    printed = json.loads(shop.run("schema", "deployment").out)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert "schema.json#" not in json.dumps(printed)
    assert shop.run("schema", "--out", "editor/schemas").code == 0
    assert len(list((shop.folder / "editor/schemas").iterdir())) == 6
    for words in ([], ["deployment", "--out", "x"], ["pipeline"]):
        said = shop.run("schema", *words)
        assert (said.code, said.out) == (64, "")
        assert "endpoint, deployment, autoscale, model, environment, env" in said.err


def test_the_page_is_named_and_opened_where_there_is_a_browser(deployed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def launch(address: str) -> int:
        opened.append(address)
        return 1

    monkeypatch.setattr(click, "launch", launch)
    said = deployed.run("open", "--env", "dev")
    place = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/group/workspaces/workspace"
    assert said.out == f"https://ml.azure.com/endpoints/realtime/digits/detail?wsid={place}\n"
    assert opened == [said.out.strip()]
    assert "There is no browser here" in said.err
    assert deployed.run("open", "--env", "dev", "--print").out == said.out
    assert len(opened) == 1
    assert deployed.run("open", "--print").out == "http://127.0.0.1:1/page\n"


def test_imported_specs_name_schemas_that_are_there(deployed: Shop) -> None:
    folder = deployed.folder / "specs/digits"
    for has_schemas in (False, True):
        for old in folder.iterdir():
            old.unlink()
        folder.rmdir()
        if has_schemas:
            assert deployed.run("schema", "--out", "schemas").code == 0
        assert deployed.run("import", "digits", "--env", "dev").code == 0
        first = (folder / "endpoint.yml").read_text().splitlines()[0]
        assert (first == "# yaml-language-server: $schema=../../schemas/endpoint.schema.json") is has_schemas


def test_a_project_begins_from_a_live_endpoint(deployed: Shop) -> None:
    for old in (deployed.folder / "specs/digits").iterdir():
        old.unlink()
    (deployed.folder / "specs/digits").rmdir()
    said = deployed.run("init", "--from-endpoint", "Digits", "--env", "dev")
    assert said.code == 0, said
    assert "kept  specs/env/dev.yml" in said.out
    assert "wrote specs/digits/endpoint.yml" in said.out
    assert (deployed.folder / ".gitignore").is_file()


@pytest.mark.parametrize("command", ["plan", "apply", "status", "validate", "doctor", "drift"])
def test_an_empty_folder_is_told_how_to_begin(shop: Shop, tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").mkdir()
    said = shop.run(command, "--project", "empty")
    told = " ".join((said.out + said.err).split())
    assert "`deployer init --project empty`" in told, said
    assert not list((tmp_path / "empty").iterdir())


def test_the_doctor_of_a_project_says_what_is_not_well(deployed: Shop) -> None:
    well = json.loads(deployed.run("doctor", "--env", "dev", "--json").out)["conditions"]
    assert {"about": "workspace", "health": "ok", "found": "in memory", "cure": ""} in well
    deployed.write("specs/digits/endpoint.yml", {"name": "digits", "auth_mod": "key"})
    said = deployed.run("doctor", "--env", "dev")
    assert (said.code, "`deployer validate --env dev` lists all of them." in said.out) == (1, True)
