"""Reading ARM: what counts as absent, pages, and one more try with a new token."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
import urllib3

from deployer.azureml.arm import Arm
from deployer.azureml.client import BearerTokens, Token, WorkspaceAccess
from deployer.core.errors import Busy, NotFound, SignInFailed, Unreachable, WorkspaceError
from tests.unit.azureml.service import HOME, WHERE


@dataclass
class Wire:
    """Answers in turn; `sent` holds method, path, and bearer of each request."""

    answers: Iterator[Any]
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def request(self, method: str, url: str, *, headers: dict[str, str], body: bytes | None) -> Any:
        path = url.removeprefix(f"https://arm{HOME}").partition("?")[0]
        self.sent.append((method, path, headers["Authorization"]))
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
    empty, _ = arm((404, {}))
    assert list(empty.pages("/e", "v")) == []


def test_no_answer_is_said_without_the_query() -> None:
    made, _ = arm(urllib3.exceptions.ProtocolError("connection reset"))
    with pytest.raises(Unreachable, match="Nothing answered at https://arm: ") as caught:
        made.get("/e", "v", query={"secret": "1"})
    assert "secret" not in caught.value.message
