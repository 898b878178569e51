"""Scoring: where a request goes, with which key or token and for how long, and what is made of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
import urllib3

from deployer.azureml import score
from deployer.azureml.client import BearerTokens, Token, WorkspaceAccess
from deployer.azureml.score import Scorer, keys
from deployer.core.errors import NotFound, Unreachable, WorkspaceError
from deployer.core.workspace import Answer
from tests.unit.azureml import service
from tests.unit.azureml.fakes import ENDPOINT, Stand

KEYS, TOKEN = f"{ENDPOINT}/listKeys", f"{ENDPOINT}/token"
URI = "https://digits.eastus.inference.ml.azure.com/score"


class Credential:
    """A token that names what it is for."""

    def get_token(self, *scopes: str, **_options: Any) -> Token:
        return Token(f"token for {' '.join(scopes)}", 10**12)


@dataclass
class Desk:
    """A scorer before an endpoint; `answers` are those of the endpoint, statuses or exceptions, 200 once all are used.

    Its clock stands still but for the `seconds` that a request takes; it begins at 1000, or 5000 since 1970.
    """

    now: float = 1000.0
    seconds: float = 0.25
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[Any] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stand = Stand()
        self.arm = self.stand.arm
        self.lives("Key")
        self.arm.posts = {KEYS: {"primaryKey": "first", "secondaryKey": "second"}}
        access = WorkspaceAccess(where=service.WHERE, base="https://arm", home="", tokens=BearerTokens(Credential()))
        self.scorer = Scorer(access, self.stand.reader)
        self.retries: urllib3.Retry = self.scorer._pool.connection_pool_kw["retries"]
        self.scorer._pool = cast("urllib3.PoolManager", self)

    def lives(self, auth_mode: str) -> None:
        body = {"identity": {}, "tags": {}, "properties": {"authMode": auth_mode, "properties": {}}}
        self.arm.found[ENDPOINT] = service.endpoint(body, "digits")

    def request(self, method: str, uri: str, **sent: Any) -> Any:
        self.sent.append({"method": method, "uri": uri, **sent})
        self.now += self.seconds
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(status=answer, data=b"7", headers=self.headers)

    def ask(self, endpoint: str = "digits", deployment: str = "") -> Answer:
        return self.scorer.score(endpoint, b"[1]", deployment=deployment, timeout=3.0)

    @property
    def bearers(self) -> list[str]:
        return [item["headers"]["Authorization"].removeprefix("Bearer ") for item in self.sent]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()
    clocks = SimpleNamespace(
        monotonic=lambda: made.now, perf_counter=lambda: made.now, time=lambda: made.now - 1000 + 5000
    )
    monkeypatch.setattr(score, "time", clocks)
    return made


def test_a_body_is_posted_to_the_scoring_uri_with_the_key(desk: Desk) -> None:
    desk.headers = {"Azureml-Model-Deployment": "blue", "X-Rest": "1"}
    answer = desk.ask(deployment="blue")
    assert desk.sent == [
        {
            "method": "POST",
            "uri": URI,
            "body": b"[1]",
            "timeout": 3.0,
            "headers": {
                "Content-Type": "application/json",
                "Authorization": "Bearer first",
                "azureml-model-deployment": "blue",
            },
        }
    ]
    assert answer == Answer(
        status=200,
        body=b"7",
        milliseconds=250.0,
        deployment="blue",
        headers={"azureml-model-deployment": "blue", "x-rest": "1"},
    )


def test_the_split_chooses_where_no_deployment_is_named(desk: Desk) -> None:
    assert desk.ask().deployment == ""
    assert "azureml-model-deployment" not in desk.sent[0]["headers"]


@pytest.mark.parametrize("status", [400, 402, 404, 500])
def test_any_status_is_an_answer(desk: Desk, status: int) -> None:
    desk.answers = [status]
    assert desk.ask().status == status
    assert len(desk.sent) == 1


def test_a_key_that_was_regenerated_is_read_again_once(desk: Desk) -> None:
    desk.ask()
    desk.arm.posts[KEYS] = {"primaryKey": "new", "secondaryKey": "second"}
    desk.answers = [401]
    assert desk.ask().status == 200
    desk.answers = [401, 401]
    assert desk.ask().status == 401
    assert desk.bearers == ["first", "first", "new", "new", "new"]


@pytest.mark.parametrize(
    ("auth_mode", "token", "kept"),
    [
        ("Key", {}, 3600.0),
        ("AADToken", {}, 60.0),
        ("AMLToken", {"accessToken": "t", "refreshAfterTimeUtc": 5700}, 700.0),
        ("AMLToken", {"accessToken": "t", "refreshAfterTimeUtc": 5001}, 60.0),
        ("AMLToken", {"accessToken": "t"}, 60.0),
    ],
)
def test_keys_and_tokens_are_read_again_after_a_while(desk: Desk, auth_mode: str, token: Any, kept: float) -> None:
    desk.lives(auth_mode)
    desk.arm.posts[TOKEN] = token
    desk.seconds = 0.0
    for now, reads in ((1000.0, 1), (1000.0 + kept, 1), (1000.5 + kept, 2)):
        desk.now = now
        desk.ask()
        assert [path for path, _ in desk.arm.log].count(ENDPOINT) == reads


@pytest.mark.parametrize(
    ("auth_mode", "bearer"),
    [("Key", "first"), ("AMLToken", "t"), ("AADToken", "token for https://ml.azure.com/.default")],
)
def test_each_way_to_sign_in_has_its_bearer(desk: Desk, auth_mode: str, bearer: str) -> None:
    desk.lives(auth_mode)
    desk.arm.posts[TOKEN] = {"accessToken": "t", "refreshAfterTimeUtc": 5700}
    desk.ask()
    assert desk.bearers == [bearer]


def test_an_endpoint_that_cannot_be_asked_says_why(desk: Desk) -> None:
    with pytest.raises(NotFound, match="There is no endpoint other"):
        desk.ask("other")
    del desk.arm.found[ENDPOINT]["properties"]["scoringUri"]
    with pytest.raises(WorkspaceError, match="digits has no scoring URI yet"):
        desk.ask()
    assert desk.sent == []


def test_a_connection_that_was_idle_too_long_is_replaced_once(desk: Desk) -> None:
    desk.answers = [urllib3.exceptions.ProtocolError("Connection aborted.")]
    assert desk.ask().status == 200
    assert desk.sent[0] == desk.sent[1]
    desk.answers = [urllib3.exceptions.ProtocolError("Connection aborted.")] * 2
    with pytest.raises(Unreachable, match=r"Could not score: Nothing answered at https://digits\.eastus"):
        desk.ask()


def test_urllib3_tries_to_connect_twice_and_never_sends_twice_what_may_have_arrived(desk: Desk) -> None:
    unreachable = urllib3.exceptions.ConnectTimeoutError("no route")
    once_more = desk.retries.increment("POST", URI, error=unreachable)
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        once_more.increment("POST", URI, error=unreachable)
    too_slow = urllib3.exceptions.ReadTimeoutError(cast("Any", None), "", "too slow")
    for error in (too_slow, urllib3.exceptions.SSLError("bad certificate")):
        with pytest.raises((urllib3.exceptions.MaxRetryError, type(error))):
            desk.retries.increment("POST", URI, error=error)


def test_neither_a_redirect_nor_a_busy_endpoint_is_followed_up(desk: Desk) -> None:
    redirect = urllib3.HTTPResponse(status=307, headers={"location": "https://elsewhere/"})
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        desk.retries.increment("POST", URI, response=redirect)
    assert not desk.retries.is_retry("POST", 503, has_retry_after=True)


def test_both_keys_are_told(desk: Desk) -> None:
    assert keys(cast("Any", desk.arm), "digits") == ("first", "second")
