"""Detect names and values that look like secrets: by known formats of keys, and by randomness."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

SECRET_NAME = re.compile(
    r"(^|_|-)(secret|password|passwd|pwd|token|api_?key|access_?key|account_?key|private_?key|connection_?string|"
    r"credentials?|sas)(_|-|$)",
    re.IGNORECASE,
)
ABOUT_A_SECRET = re.compile(
    r"(file|path|dir|folder|name|url|uri|endpoint|host|id|type|provider|limit|count|length|size|ttl|expiry|version)$",
    re.IGNORECASE,
)
KNOWN_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an Azure storage key", re.compile(r"(^|[=;])[A-Za-z0-9+/]{86}==($|;)")),
    ("a connection string", re.compile(r"(AccountKey|SharedAccessKey|Password|Pwd)=[^;\s]{6,}", re.IGNORECASE)),
    ("a shared access signature", re.compile(r"[?&]sig=[A-Za-z0-9%+/=]{20,}")),
    ("a Microsoft Entra client secret", re.compile(r"^[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}$")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a GitHub token", re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})")),
    ("an AWS access key", re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("an OpenAI key", re.compile(r"\bsk-[A-Za-z0-9_-]{20,}")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z0-9]{30,}")),
    ("a Slack token", re.compile(r"\bxox[baprs]-[A-Za-z0-9-]{10,}")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+")),
    ("an address with a password", re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]{3,}@", re.IGNORECASE)),
)
IN_A_VAULT = re.compile(r"^[^@\s]+@https://[^/]+\.vault\.|keyvault", re.IGNORECASE)
PLACEHOLDER = re.compile(r"place_?holder|^<.*>$|^\$|changeme|xxx", re.IGNORECASE)
RANDOM = re.compile(r"[A-Za-z0-9+/_=~-]{24,}")
HARMLESS = re.compile(r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$|^[0-9]+$|[/\\].*[/\\]", re.IGNORECASE)
ENOUGH_BITS = 3.8
SHORTEST = 6


def secret_shape(name: str, value: str) -> str:
    """The kind of secret that a literal looks like, for a message; "" if it does not look like one."""
    if not value or _is_reference(value):
        return ""
    for words, shape in KNOWN_SHAPES:
        if shape.search(value):
            return words
    if _names_a_secret(name) and _is_opaque(value):
        return "a secret by its name"
    return "a random key" if _is_random(value) else ""


def _is_reference(value: str) -> bool:
    """Whether Azure puts the value in: `${{…}}`, or the address of a secret in a vault."""
    _, opening, rest = value.partition("${{")
    return (bool(opening) and "}}" in rest) or IN_A_VAULT.search(value) is not None


def looks_secret(name: str, value: str) -> bool:
    """Whether an environment variable should be treated as a secret."""
    return bool(secret_shape(name, value)) or (_names_a_secret(name) and len(value) >= SHORTEST)


FREE_TEXT = frozenset(("environment_variables", "tags", "properties", "description"))
"""The fields in which secrets are legal (`x-free-text` in the schemas)."""
HARMLESS_SHAPE = re.compile(
    r"|[+-]?\d{1,9}|\d{1,5}(\.\d{1,5}){1,3}"  # numbers, versions, addresses
    r"|[A-Za-z]{1,20}([ _.,:/-][A-Za-z]{1,20}){0,12}"  # words
    r"|(\.{0,2}/)?[A-Za-z_.-]{1,40}(/[A-Za-z_.-]{1,40}){0,12}/?"  # paths
    r"|https?://[A-Za-z.-]{1,80}(:\d{1,5})?(/[A-Za-z_.-]{1,40}){0,8}/?"
)


def is_harmless(name: str, value: str) -> bool:
    """Whether the live value of a field may be shown that no spec mentions: its name and its shape are no secret's.

    Letters and digits mixed are never harmless: a short key looks so.
    """
    return SECRET_NAME.search(name) is None and not secret_shape(name, value) and bool(HARMLESS_SHAPE.fullmatch(value))


def is_hidden(path: Sequence[str], value: str) -> bool:
    """Whether a live value must not be shown: free text unless it is harmless, any other field by its shape."""
    name = path[-1] if path else ""
    return not is_harmless(name, value) if FREE_TEXT.intersection(path[:1]) else bool(secret_shape(name, value))


def _names_a_secret(name: str) -> bool:
    """Whether a name is that of a secret, not of a property of one: `TOKEN`, but not `TOKEN_LIMIT`."""
    return SECRET_NAME.search(name) is not None and ABOUT_A_SECRET.search(name) is None


def _is_opaque(value: str) -> bool:
    """Whether a value could be a password, as opposed to a number, a switch, a path or a placeholder."""
    if len(value) < SHORTEST or PLACEHOLDER.search(value) or " " in value or value.startswith(("/", "./")):
        return False
    return not value.isdigit() and value.lower() not in ("true", "false", "enabled", "disabled") and "://" not in value


def _is_random(value: str) -> bool:
    """Whether a value is a long random mixture of letters and digits."""
    if not RANDOM.fullmatch(value) or HARMLESS.search(value):
        return False
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return mixed and _entropy(value) >= ENOUGH_BITS


def _entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits per character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())
