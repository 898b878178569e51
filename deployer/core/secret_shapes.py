"""Detect names and values that look like secrets: by known formats of keys, and by randomness."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from deployer.core.placeholders import is_unfilled

SECRET_NAME = re.compile(
    r"(^|_|-)(secret|password|passwd|pwd|token|api_?key|access_?key|account_?key|private_?key|connection_?string|"
    r"credentials?|sas)(_|-|$)",
    re.IGNORECASE,
)
ABOUT_A_SECRET = re.compile(
    r"(file|path|dir|folder|name|url|uri|endpoint|host|id|type|provider|limit|count|length|size|ttl|expiry|version)$",
    re.IGNORECASE,
)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
CONNECTION_STRING = "a connection string"
KNOWN_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an Azure storage key", re.compile(r"(^|[=;])[A-Za-z0-9+/]{86}==($|;)")),
    (CONNECTION_STRING, re.compile(r"(AccountKey|SharedAccessKey|Password|Pwd)=[^;\s]{6,}", re.IGNORECASE)),
    ("a shared access signature", re.compile(r"[?&]sig=[A-Za-z0-9%+/=]{20,}")),
    ("a Microsoft Entra client secret", re.compile(r"^[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}$")),
    ("a private key", PRIVATE_KEY),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+")),
    ("a key of 32 bytes in base64", re.compile(r"^[A-Za-z0-9+/]{43}=$")),
    ("an address with a password", re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@]{3,}@", re.IGNORECASE)),
)
SERVICES = {
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,})",
    "a GitLab token": r"\bgl(?:pat|rt|dt|oas|ptt|imt|agent|ft|soat)-[\w-]{20,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bABSK[A-Za-z0-9+/]{100,}",
    "a Google key": r"\bAIza[\w-]{35}|\b(?:GOCSPX-|ya29\.)[\w-]{20,}",
    "an OpenAI key": r"\bsk-[\w-]{20,}",
    "a Hugging Face token": r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}",
    "a key of a model service": r"\b(?:gsk_|r8_|pplx-|pcsk_|lsv2_(?:pt|sk)_|dapi)\w{30,}",
    "a Slack token": r"\b(?:xox[baprs]|xapp)-[A-Za-z0-9-]{10,}",
    "the address of a webhook": r"hooks\.slack\.com/services/T\w+/B\w+/\w{10,}"
    r"|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}|\.webhook\.office\.com/webhookb2/[\w-]{20,}",
    "a Stripe key": r"\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{20,}",
    "a key of a mail or telephone service": r"\bSG\.[\w-]{16,}\.[\w-]{30,}|\bkey-[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b",
    "a token of a package registry": r"\bnpm_[A-Za-z0-9]{36}|\bpypi-[\w-]{60,}|\bdckr_[op]at_[\w-]{20,}",
    "a HashiCorp token": r"\bhv[sbr]\.[\w-]{24,}|\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}",
    "a token of a bot": r"\b\d{8,10}:AA[\w-]{33}",
    "a Shopify token": r"\bshp(?:at|ca|pa|ss)_[0-9a-f]{32}\b",
}
"""What the keys of services look like, as these publish it so that scanners find them."""
SERVICE_KEY = re.compile("|".join(f"({form})" for form in SERVICES.values()))
IN_A_VAULT = re.compile(r"^[^@\s]+@https://[^/]+\.vault\.|keyvault", re.IGNORECASE)
RANDOM = re.compile(r"[A-Za-z0-9+/_=~-]{24,}")
HARMLESS = re.compile(r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$|^[0-9]+$|[/\\].*[/\\]", re.IGNORECASE)
SEPARATOR = re.compile(r"[-_/.=~+]")
WORD_LIKE = re.compile(r"[A-Za-z]{1,16}|[0-9]{1,8}|[A-Za-z]{1,12}[0-9]{1,4}[a-z]{0,4}|[0-9]{1,4}[A-Za-z]{1,3}")
ENOUGH_BITS = 3.8
SHORTEST = 6


CREDENTIALS_IN_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://[^/\s:@]{0,200}:([^/\s:@]{3,200})@", re.IGNORECASE
)
WORD = re.compile(r"[^\s\"'`,()<>{}\[\]]+")
ASSIGNED = re.compile(
    r"\s*(?:export|ENV|ARG)\s+([A-Za-z_][A-Za-z0-9_.-]{0,60})\s*[=:]\s*[\"']?([^\s\"'#]{6,200})"  # in an environment
)
KEY_FILE = re.compile(
    r"\.env(\.(?!example|sample|template|dist).*)?|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|pfx|p12|key|keystore|jks)"
    r"|\.netrc|\.pypirc|\.npmrc|\.pgpass|\.git-credentials|credentials",
    re.IGNORECASE,
)


def is_key_file(name: str) -> bool:
    """Whether files of this name hold keys or passwords."""
    return KEY_FILE.fullmatch(name) is not None


def shapes_in(line: str) -> Iterator[tuple[int, str]]:
    """The column (from 1) and the kind of each known form of a secret in a line of any file."""
    for match in CREDENTIALS_IN_ADDRESS.finditer(line):
        if not is_unfilled(match[1]):
            yield match.start() + 1, "an address with a password"
    assigned = ASSIGNED.match(line)
    if assigned and _names_a_secret(assigned[1]) and _is_opaque(assigned[2]):
        yield assigned.start(2) + 1, "a secret by its name"
    for word in WORD.finditer(line):
        shape = _known(word[0])
        if shape == CONNECTION_STRING and ";" not in word[0]:  # code passes `password=…` without being one
            continue
        if shape and not CREDENTIALS_IN_ADDRESS.search(word[0]) and not _is_reference(word[0]):
            yield word.start() + 1, shape
    if found := PRIVATE_KEY.search(line):
        yield found.start() + 1, "a private key"


def secret_shape(name: str, value: str) -> str:
    """The kind of secret that a literal looks like, for a message; "" if it does not look like one."""
    return known_shape(name, value) or ("a random key" if is_random(value) else "")


def known_shape(name: str, value: str) -> str:
    """The same without guessing from randomness."""
    if len(value) < SHORTEST or _is_reference(value):
        return ""
    if shape := _known(value):
        return shape
    if _names_a_secret(name) and _is_opaque(value):
        return "a secret by its name"
    return ""


def _known(value: str) -> str:
    """The kind of key that a value is, or has in it, by its form."""
    if shape := next((words for words, known in KNOWN_SHAPES if known.search(value)), ""):
        return shape
    found = SERVICE_KEY.search(value)
    return list(SERVICES)[found.lastindex - 1] if found and found.lastindex else ""


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


def is_to_be_secret(path: Sequence[str], value: str) -> bool:
    """Whether a live value must not be written into a spec: a variable unless it is harmless, others by shape."""
    return is_hidden(path, value) if path[:1] == ("environment_variables",) else bool(secret_shape(path[-1], value))


def _names_a_secret(name: str) -> bool:
    """Whether a name is that of a secret, not of a property of one: `TOKEN`, but not `TOKEN_LIMIT`."""
    return SECRET_NAME.search(name) is not None and ABOUT_A_SECRET.search(name) is None


def _is_opaque(value: str) -> bool:
    """Whether a value could be a password, as opposed to a number, a switch, a path or a placeholder."""
    if len(value) < SHORTEST or is_unfilled(value) or " " in value or value.startswith(("/", "./")):
        return False
    return not value.isdigit() and value.lower() not in ("true", "false", "enabled", "disabled") and "://" not in value


def is_random(value: str) -> bool:
    """Whether a value is a long random mixture of letters and digits: a guess, for nothing else tells of it.

    What consists of words and small numbers is none: names of models, VM sizes, workspaces and files do.
    """
    if not RANDOM.fullmatch(value) or HARMLESS.search(value) or _is_reference(value) or _is_of_words(value):
        return False
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return mixed and _entropy(value) >= ENOUGH_BITS


def _is_of_words(value: str) -> bool:
    """Whether most of a value stands in words, numbers, and short mixtures such as `v2`, `7B` or `NC24ads`."""
    pieces = [piece for piece in SEPARATOR.split(value) if piece]
    spoken = sum(len(piece) for piece in pieces if WORD_LIKE.fullmatch(piece))
    return len(pieces) > 1 and spoken >= 0.7 * sum(map(len, pieces))


def _entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits per character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())
