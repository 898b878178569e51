"""How a workspace is reached: which credential, how long its tokens are kept, and which certificates are trusted."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.identity
import certifi
import pytest
from azure.core.exceptions import ClientAuthenticationError

from deployer.azureml import client
from deployer.azureml.client import AzureCredential, BearerTokens, LocalCredential, Token, access_to, trusted_bundle
from deployer.core.coordinates import LocalServer
from deployer.core.errors import SignInFailed, Unreachable
from tests.unit.azureml.service import WHERE

NOW = 1000.9


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "time", SimpleNamespace(time=lambda: NOW))


class Credential:
    """Gives a token with the scope and a number in it."""

    def __init__(self, left: float) -> None:
        self._left, self._given = left, 0

    def get_token(self, *scopes: str, **_options: Any) -> Token:
        self._given += 1
        return Token(f"{' '.join(scopes)} {self._given}", NOW + self._left)  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "second"), [(300.5, "s 1"), (300.0, "s 1"), (299.5, "s 2"), (-5.0, "s 2")])
def test_a_token_is_renewed_less_than_five_minutes_before_its_end(left: float, second: str) -> None:
    tokens = BearerTokens(Credential(left))
    assert (tokens.bearer("s"), tokens.bearer("s")) == ("s 1", second)


def test_only_the_token_that_was_rejected_is_dropped() -> None:
    tokens = BearerTokens(Credential(10_000))
    tokens.forget("a", "never given")
    assert (tokens.bearer("a"), tokens.bearer("b")) == ("a 1", "b 2")
    tokens.forget("a", "another")
    assert tokens.bearer("a") == "a 1"
    tokens.forget("a", "a 1")
    assert (tokens.bearer("a"), tokens.bearer("b")) == ("a 3", "b 2")


def local(folder: Path, api: str = "https://127.0.0.1:8443/") -> LocalServer:
    return LocalServer(api=api, page="", ca_file=folder / "ca.pem", token_file=folder / "token")


def test_the_local_workspace_is_reached_at_its_own_address_with_its_own_token(tmp_path: Path) -> None:
    access = access_to(WHERE, local(tmp_path))
    assert (access.where, access.base, access.home) == (WHERE, "https://127.0.0.1:8443", WHERE.arm_id)
    assert access.ca_file == str(tmp_path / "ca.pem")
    (tmp_path / "token").write_text("secret\n")
    assert access.tokens.bearer(access.scope) == "secret"
    assert access.tokens.credential.get_token(access.scope) == Token("secret", 1060)


def test_the_token_of_a_local_workspace_that_is_not_running_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="not running"):
        LocalCredential(tmp_path / "token").get_token("s")


def test_azure_is_reached_at_its_management_api(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    access = access_to(WHERE, None)
    assert (access.where, access.base, access.home) == (WHERE, "https://management.azure.com", WHERE.arm_id)
    assert access.scope == "https://management.azure.com/.default"
    assert isinstance(access.tokens.credential, AzureCredential)
    assert access.ca_file == certifi.where()


def test_the_bundle_of_requests_is_trusted_if_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ours))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(theirs))
    assert trusted_bundle() == certifi.where()
    theirs.touch()
    assert trusted_bundle() == str(theirs)
    ours.touch()
    assert trusted_bundle() == str(ours)


class Chain:
    """In the place of azure-identity's chain of credentials; `made` counts them."""

    made = 0
    error: Exception | None = None

    def __init__(self) -> None:
        Chain.made += 1

    def get_token(self, *scopes: str, **options: Any) -> Token:
        if Chain.error is not None:
            raise Chain.error
        return Token(f"{scopes} {options}", 1)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> type[Chain]:
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Chain)
    monkeypatch.setattr(Chain, "made", 0)
    monkeypatch.setattr(Chain, "error", None)
    return Chain


def test_one_chain_of_credentials_is_made_for_the_first_token_and_its_logger_is_silent(chain: type[Chain]) -> None:
    logging.getLogger("azure").setLevel(logging.NOTSET)
    credential = AzureCredential()
    assert chain.made == 0
    for _ in range(2):
        assert credential.get_token("s", tenant_id="t") == Token("('s',) {'tenant_id': 't'}", 1)
    assert chain.made == 1
    assert not logging.getLogger("azure").isEnabledFor(logging.CRITICAL)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("EnvironmentCredential: no variables\n  AADSTS700016: no such application\nmore", "AADSTS700016: no such app"),
        ("DefaultAzureCredential failed to\nretrieve a token", "DefaultAzureCredential failed to retrieve a token"),
    ],
)
def test_a_sign_in_that_is_refused_gives_its_reason_in_one_line(chain: type[Chain], said: str, reason: str) -> None:
    chain.error = ClientAuthenticationError(said)
    with pytest.raises(SignInFailed) as caught:
        AzureCredential().get_token("s")
    assert caught.value.message.startswith(f"No Azure credential works: {reason}")
    assert "\n" not in caught.value.message


def test_a_reason_has_at_most_300_characters(chain: type[Chain]) -> None:
    chain.error = ClientAuthenticationError(f"AADSTS1: {'x' * 1000}")
    with pytest.raises(SignInFailed) as caught:
        AzureCredential().get_token("s")
    assert len(caught.value.message.removeprefix("No Azure credential works: ")) == 300
