"""Reading ARM: what counts as absent, pages, and one more try with a new token."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import urllib3

from deployer.azureml.arm import Arm, pool_for, silence
from deployer.azureml.client import BearerTokens, Token, WorkspaceAccess
from deployer.core.coordinates import LocalServer
from deployer.core.errors import Busy, NotFound, SignInFailed, Unreachable, WorkspaceError
from tests.unit.azureml.service import HOME, WHERE


@dataclass
class Wire:
    """Answers in turn; `sent` holds method, path, and bearer of each request, `whole` all of it."""

    answers: Iterator[Any]
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    whole: list[tuple[str, str, dict[str, str], bytes | None]] = field(default_factory=list)

    def request(self, method: str, url: str, *, headers: dict[str, str], body: bytes | None) -> Any:
        path = url.removeprefix(f"https://arm{HOME}").partition("?")[0]
        self.sent.append((method, path, headers["Authorization"]))
        self.whole.append((method, url, headers, body))
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        status, content = answer
        return SimpleNamespace(status=status, data=json.dumps(content).encode(), headers={})


class Credential:
    """Gives out another token each time, good until `until`."""

    def __init__(self, until: int = 10**12) -> None:
        self.given, self._until = 0, until

    def get_token(self, *_scopes: str, **_options: Any) -> Token:
        self.given += 1
        return Token(f"token-{self.given}", self._until)


def arm(*answers: Any) -> tuple[Arm, Wire]:
    made = Arm(WorkspaceAccess(where=WHERE, base="https://arm", home=HOME, tokens=BearerTokens(Credential())))
    wire = Wire(iter(answers))
    made._pool = cast("urllib3.PoolManager", wire)
    return made, wire


HEADERS = {"Authorization": "Bearer token-1", "Accept": "application/json", "User-Agent": "azureml-deployer"}


def test_a_read_names_its_version_and_its_query() -> None:
    made, wire = arm((200, {"name": "e"}))
    assert made.get("/e", "2023-04-01", query={"$top": "1"}) == {"name": "e"}
    assert wire.whole == [("GET", f"https://arm{HOME}/e?api-version=2023-04-01&%24top=1", HEADERS, None)]


def test_an_action_is_posted_with_its_body_if_it_has_one() -> None:
    made, wire = arm((200, {"key": "k"}), (200, {}))
    assert made.post("/e/listKeys", "v") == {"key": "k"}
    assert made.post("/e/getLogs", "v", {"tail": 3}) == {}
    typed = {**HEADERS, "Content-Type": "application/json"}
    assert wire.whole == [
        ("POST", f"https://arm{HOME}/e/listKeys?api-version=v", HEADERS, None),
        ("POST", f"https://arm{HOME}/e/getLogs?api-version=v", typed, b'{"tail": 3}'),
    ]


def test_an_error_says_what_was_asked_for() -> None:
    wrong = (400, {"error": {"code": "BadArgument", "message": "no such size"}})
    made, _ = arm(wrong, wrong, (404, {}), (200, {"nextLink": "https://arm/more"}), wrong)
    with pytest.raises(WorkspaceError, match=r"^Could not read onlineEndpoints/e: no such size\.$"):
        made.get("/onlineEndpoints/e", "v")
    for said in ("no such size", "There is no such resource"):
        with pytest.raises(WorkspaceError, match=f"^Could not call onlineEndpoints/e/token: {said}"):
            made.post("/onlineEndpoints/e/token", "v")
    with pytest.raises(WorkspaceError, match=r"^Could not read onlineEndpoints: no such size\.$"):
        list(made.pages("/onlineEndpoints", "v"))


def test_only_an_answer_below_300_is_one() -> None:
    made, _ = arm((299, {"name": "e"}), (300, {"name": "e"}))
    assert made.get("/e", "v") == {"name": "e"}
    with pytest.raises(WorkspaceError):
        made.get("/e", "v")


def test_a_token_that_is_refused_is_replaced_once() -> None:
    made, wire = arm((401, {}), (200, {"name": "e"}), (200, {"name": "f"}))
    assert made.get("/e", "v") == {"name": "e"}
    made.get("/f", "v")
    assert [bearer for _, _, bearer in wire.sent] == ["Bearer token-1", "Bearer token-2", "Bearer token-2"]


def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    for left, second in ((360, "token-1"), (240, "token-2")):
        tokens = BearerTokens(Credential(until=int(time.time()) + left))
        assert (tokens.bearer("s"), tokens.bearer("s")) == ("token-1", second)


def test_a_second_refusal_is_final() -> None:
    made, wire = arm((401, {}), (401, {"error": {"code": "Expired", "message": "no"}}), (200, {}))
    with pytest.raises(SignInFailed):
        made.get("/e", "v")
    assert len(wire.sent) == 2


@pytest.mark.parametrize(("status", "kind"), [(409, Busy), (423, Busy), (429, Busy), (400, WorkspaceError)])
def test_other_answers_are_not_asked_for_again_here(status: int, kind: type[WorkspaceError]) -> None:
    made, wire = arm((status, {"error": {"message": "no"}}))
    with pytest.raises(WorkspaceError) as caught:
        made.get("/e", "v")
    assert (type(caught.value), len(wire.sent)) == (kind, 1)


def test_what_is_not_there_is_none_but_a_workspace_that_is_not_there_is_an_error() -> None:
    missing = {"error": {"code": "ResourceGroupNotFound", "message": "no such group"}}
    made, _ = arm((404, {"error": {"code": "NotFound", "message": "no"}}), (404, missing), (404, {}), (404, {}))
    assert made.get("/e", "v") is None
    with pytest.raises(NotFound):
        made.get("/e", "v")
    with pytest.raises(NotFound):
        made.post("/e", "v")
    with pytest.raises(NotFound, match="no such workspace"):
        list(made.pages("/onlineEndpoints", "v", required=True))


def test_pages_are_followed_on_the_same_server_alone() -> None:
    here, there = f"https://arm{HOME}/e2?x=1", "https://elsewhere/e3"
    made, wire = arm((200, {"value": [{"n": 1}], "nextLink": here}), (200, {"value": [{"n": 2}], "nextLink": there}))
    assert [item["n"] for item in made.pages("/e", "v")] == [1, 2]
    assert [path for _, path, _ in wire.sent] == ["/e", "/e2"]
    downgraded, wire = arm((200, {"value": None, "nextLink": f"http://arm{HOME}/e2"}))
    assert (list(downgraded.pages("/e", "v")), len(wire.sent)) == ([], 1)
    empty, _ = arm((404, {}))
    assert list(empty.pages("/e", "v")) == []


def test_no_answer_is_said_without_the_query() -> None:
    made, _ = arm(urllib3.exceptions.ProtocolError("connection reset"))
    with pytest.raises(Unreachable, match="Nothing answered at https://arm: ") as caught:
        made.get("/e", "v", query={"secret": "1"})
    assert "secret" not in caught.value.message


def test_a_missing_list_is_an_error_only_where_it_is_required() -> None:
    made, _ = arm((404, {}), (404, {}), (200, {"value": [{"n": 1}]}))
    with pytest.raises(NotFound) as caught:
        list(made.pages("/onlineEndpoints", "v", required=True))
    assert (caught.value.code, "`workspace`" in caught.value.hint) == ("WorkspaceNotFound", True)
    assert list(made.pages("/e/deployments", "v")) == []
    assert list(made.pages("/onlineEndpoints", "v", required=True)) == [{"n": 1}]


class Unresolved(Exception):
    """An error with a reason of its own, as urllib3's MaxRetryError has."""

    def __init__(self, reason: object) -> None:
        super().__init__("the outer words")
        self.reason = reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("connection reset"), "connection reset"),
        (Unresolved(ValueError("HTTPSConnection(host='h', port=1): Failed: timed out")), "timed out"),
        (Unresolved(None), "the outer words"),
        (ValueError(), "ValueError"),
    ],
)
def test_the_last_words_of_an_error_say_why_nothing_answered(error: Exception, words: str) -> None:
    assert silence("https://arm:1/path?sig=x", error) == f"Nothing answered at https://arm:1: {words}."


def access(local: LocalServer | None = None) -> WorkspaceAccess:
    return WorkspaceAccess(where=WHERE, base="https://arm", home=HOME, tokens=BearerTokens(Credential()), local=local)


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "near.example")


@pytest.mark.usefixtures("proxied")
def test_the_proxy_of_the_system_is_used_but_not_for_the_local_workspace(tmp_path: Path) -> None:
    here = LocalServer(api="", page="", ca_file=tmp_path / "ca.pem", token_file=tmp_path / "token")
    retries = urllib3.Retry(7)
    for made, proxy in (
        (pool_for(access(), "far.example", retries=retries), "proxy"),
        (pool_for(access(), "near.example", retries=retries), None),
        (pool_for(access(here), "far.example", retries=retries), None),
    ):
        assert (made.proxy and made.proxy.host) == proxy
        assert made.connection_pool_kw["retries"] is retries
    assert made.connection_pool_kw["ca_certs"] == str(tmp_path / "ca.pem")


@pytest.mark.usefixtures("proxied")
def test_the_management_api_is_asked_through_the_proxy_that_is_set_for_its_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Arm(access())._pool.proxy is not None
    monkeypatch.setenv("no_proxy", "arm")
    assert Arm(access())._pool.proxy is None


def test_connections_are_kept_and_bounded_in_number_and_in_time() -> None:
    kept = Arm(access())._pool.connection_pool_kw
    assert (kept["maxsize"], kept["block"]) == (32, True)
    assert (kept["timeout"].connect_timeout, kept["timeout"].read_timeout) == (10, 60)


REFUSED, SLOW = urllib3.exceptions.ConnectTimeoutError("refused"), urllib3.exceptions.ProtocolError("cut off")
BROKEN, MOVED = urllib3.HTTPResponse(status=503), urllib3.HTTPResponse(status=307, headers={"location": "https://x"})


@pytest.mark.parametrize(
    ("failures", "most"),
    [
        ([REFUSED] * 9, 2),
        ([SLOW] * 9, 3),
        ([BROKEN] * 9, 6),
        ([MOVED] * 9, 0),
        ([REFUSED, REFUSED, SLOW, *[BROKEN] * 9], 6),
    ],
)
def test_reads_are_repeated_a_few_times(failures: list[Any], most: int) -> None:
    retries: urllib3.Retry = Arm(access())._pool.connection_pool_kw["retries"]
    for failure in failures[:most]:
        retries = after(retries, failure)
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        after(retries, failures[most])


def after(retries: urllib3.Retry, failure: Any) -> urllib3.Retry:
    if isinstance(failure, Exception):
        return retries.increment("GET", "/e", error=failure)
    return retries.increment("GET", "/e", response=failure)


def test_the_pauses_between_reads_grow() -> None:
    retries, pauses = Arm(access())._pool.connection_pool_kw["retries"], []
    for _ in range(6):
        retries = retries.increment("GET", "/e", response=BROKEN)
        pauses.append(retries.get_backoff_time())
    assert pauses == [0, 0.4, 0.8, 1.6, 3.2, 6.4]


def test_what_may_pass_is_read_again_and_the_last_answer_is_shown() -> None:
    retries = Arm(access())._pool.connection_pool_kw["retries"]
    passing = [status for status in range(400, 600) if retries.is_retry("POST", status)]
    assert passing == [408, 429, 500, 502, 503, 504]
    assert not retries.raise_on_status
