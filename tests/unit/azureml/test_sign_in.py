"""Why nobody could sign in: what azure-identity says, and what the error makes of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deployer.azureml.client import AzureCredential
from deployer.azureml.sign_in import HINT, sign_in_failed
from deployer.core.errors import SignInFailed

NOBODY = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Variables are not fully configured.
Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to troubleshoot this issue.
\tManagedIdentityCredential: ManagedIdentityCredential authentication unavailable.
\tVisualStudioCodeCredential: VisualStudioCodeCredential requires the 'azure-identity-broker' package to be installed.
\tAzureCliCredential: {cli}
\tAzurePowerShellCredential: PowerShell is not installed
\tAzureDeveloperCliCredential: Azure Developer CLI could not be found. Please visit https://aka.ms/azure-dev
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/azsdk/python/identity.
"""
ONE = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: Authentication failed: {reason}
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/azsdk/python/identity.
"""


def test_where_nothing_is_set_up_what_was_looked_for_is_said() -> None:
    error = sign_in_failed(NOBODY.format(cli="Azure CLI not found on path"))
    assert error.message == (
        "No Azure credential is set up on this machine; looked for Environment, ManagedIdentity, VisualStudioCode, "
        "AzureCli, AzurePowerShell, AzureDeveloperCli."
    )
    assert error.hint == HINT


def test_a_cli_that_is_signed_out_is_named() -> None:
    error = sign_in_failed(NOBODY.format(cli="Please run 'az login' to set up an account"))
    assert error.message == "No Azure credential works: AzureCliCredential: Please run 'az login' to set up an account"
    assert error.hint.startswith("Run `az login` again")


@pytest.mark.parametrize(
    ("reason", "told", "hint"),
    [
        ("('Unable to connect to proxy', NewConnectionError('refused'))", "Unable to connect to proxy", "HTTPS_PROXY"),
        ("('Tunnel connection failed: 407 Proxy Authentication Required')", "407", "USER:PASSWORD"),
        ("host='login': Failed to resolve 'login.microsoftonline.com' ([Errno -2])", "Failed to resolve", "DNS"),
        ("Could not find a suitable TLS CA certificate bundle, invalid path: /x", "/x", "REQUESTS_CA_BUNDLE or"),
        (
            "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed')",
            "CERTIFICATE_VERIFY",
            "file REQUESTS_CA_BUNDLE",
        ),
        ("HTTPSConnectionPool: Read timed out. (read timeout=300)", "timed out", "firewall"),
        ("AADSTS7000215: Invalid client secret provided.\nTrace ID: 1", "AADSTS7000215: Inv", "AZURE_CLIENT_SECRET is"),
        ("AADSTS700016: Application was not found", "AADSTS700016", "AZURE_CLIENT_ID names"),
        ("AADSTS90002: Tenant was not found", "AADSTS90002", "AZURE_TENANT_ID names"),
        ("AADSTS700024: Client assertion is not within its valid time range", "AADSTS700024", "federated token"),
        ("something new", "something new", "az login"),
    ],
)
def test_the_credential_that_failed_is_named_with_its_reason_and_a_way_out(reason: str, told: str, hint: str) -> None:
    error = sign_in_failed(ONE.format(reason=reason))
    assert error.message.startswith("No Azure credential works: EnvironmentCredential: ")
    assert told in error.message
    assert hint in error.hint
    assert "\n" not in error.message
    assert "To mitigate" not in error.message


def test_the_password_of_a_proxy_is_not_told() -> None:
    assert "secret" not in sign_in_failed(ONE.format(reason="cannot connect to http://me:secret@proxy:1")).message


@contextmanager
def proxy(answer: bytes) -> Iterator[str]:
    """A proxy on this machine that answers everybody the same; its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def principal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three variables of a service principal, and no way past a proxy."""
    for name in (
        "NO_PROXY",
        "no_proxy",
        "https_proxy",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AZURE_TOKEN_CREDENTIALS",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "00000000-0000-0000-0000-000000000002")


@pytest.mark.slow
def test_a_proxy_that_wants_a_sign_in_is_named_by_the_real_library(
    principal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ) as address:
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(SignInFailed) as caught:
            AzureCredential().get_token("https://management.azure.com/.default")
    assert "EnvironmentCredential" in caught.value.message
    assert "407" in caught.value.message
    assert "USER:PASSWORD" in caught.value.hint


@pytest.mark.slow
def test_a_bundle_of_certificates_that_is_not_there_is_named_by_the_real_library(
    principal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    with pytest.raises(SignInFailed) as caught:
        AzureCredential().get_token("https://management.azure.com/.default")
    assert "/no/such/file.pem" in caught.value.message
    assert "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file" in caught.value.hint
