"""Why nobody could sign in: which credential was tried, what it said, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.azureml.network import network_hint
from deployer.azureml.refusal import without_secrets
from deployer.core.errors import SignInFailed

LONGEST = 300
_ATTEMPT = re.compile(r"^\t(\w+Credential): (.*?)(?=^\t\w+Credential: |^To mitigate this|\Z)", re.MULTILINE | re.DOTALL)
_NOT_SET_UP = re.compile(
    r"unavailable|not (?:fully )?configured|not found on path|is not installed|could not be found|requires the '|"
    r"is not (?:available|supported)|No accounts were found"
)
"""What a credential says that nobody set up on this machine (azure-identity 1.27)."""
_USER = re.compile(r"//[^/@\s]+@")
"""The user and the password of a proxy, in its address."""
_CODES = (
    (r"AADSTS7000215|AADSTS7000222", "AZURE_CLIENT_SECRET is wrong or has expired: make a new one."),
    (r"AADSTS700016", "AZURE_CLIENT_ID names no application of this tenant: check both."),
    (r"AADSTS90002|AADSTS900023", "AZURE_TENANT_ID names no tenant: check it."),
    (r"AADSTS700024|AADSTS70021", "The federated token has expired or is of another subject: sign in again."),
    (r"AADSTS5007[69]", "The account has to prove itself once more: run `az login --tenant TENANT`."),
    (r"az login|AADSTS700082|AADSTS50173", "Run `az login` again: what it kept is no longer valid."),
)
HINT = (
    "Run `az login` (or `az login --tenant TENANT`), or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A credential that azure-identity tried, and why it gave no token."""

    credential: str
    reason: str


def sign_in_failed(message: str) -> SignInFailed:
    """The error for a message of azure-identity: the first credential that is set up and failed, and why."""
    attempts = list(_attempts(message))
    tried = [attempt for attempt in attempts if not _NOT_SET_UP.search(attempt.reason)]
    if tried:
        told = f"{tried[0].credential}: {tried[0].reason}"
        return SignInFailed(f"No Azure credential works: {told}", hint=_hint(tried[0].reason))
    if attempts:
        names = ", ".join(attempt.credential.removesuffix("Credential") for attempt in attempts)
        return SignInFailed(f"No Azure credential is set up on this machine; looked for {names}.", hint=HINT)
    return SignInFailed(f"No Azure credential works: {_one_line(message)}", hint=_hint(message))


def _attempts(message: str) -> Iterator[Attempt]:
    """The attempts that a chain of credentials lists."""
    for found in _ATTEMPT.finditer(message):
        yield Attempt(credential=found[1], reason=_one_line(found[2]))


def _one_line(text: str) -> str:
    """The reason itself: from an AADSTS code on, where there is one."""
    words = _USER.sub("//***@", without_secrets(" ".join(text.split())))
    code = words.find("AADSTS")
    return (words[code:] if code >= 0 else words.removeprefix("Authentication failed: "))[:LONGEST]


def _hint(reason: str) -> str:
    known = next((hint for pattern, hint in _CODES if re.search(pattern, reason)), "")
    return known or network_hint(reason) or HINT
