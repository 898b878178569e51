"""How to call an endpoint from anywhere: a command for curl, or a program in Python. The key is not in either."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from deployer.applying.payload import From, Source
from deployer.core.intent import DEPLOYMENT_HEADER

VARIABLE = "SCORING_TOKEN"
"""The environment variable that the snippets take the key or the token from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: where to, what with, and `token_command`, which prints the key.

    `ca_file` is the certificate to trust, "" for those of the system.
    """

    uri: str
    source: Source
    token_command: str
    deployment: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_file: str = ""


def curl(call: Call) -> str:
    """Lines for a shell: the key into a variable, and the request."""
    before, data = _curl_data(call.source)
    words = [
        f"curl --fail-with-body --silent --show-error {shlex.quote(call.uri)}",
        *([f"--cacert {shlex.quote(call.ca_file)}"] if call.ca_file else []),
        f'--header "Authorization: Bearer ${VARIABLE}"',
        *(f"--header {shlex.quote(f'{name}: {value}')}" for name, value in _headers(call).items()),
        *([f"--header {shlex.quote(f'{DEPLOYMENT_HEADER}: {call.deployment}')}"] if call.deployment else []),
        f"--data-binary {data}",
    ]
    continued = " \\\n  ".join(words)
    return f"{_export(call)}{before}{continued}\n"


def _headers(call: Call) -> Mapping[str, str]:
    return {"Content-Type": "application/json", **call.headers}


def _export(call: Call) -> str:
    return f'export {VARIABLE}="$({call.token_command})"\n'


def _curl_data(source: Source) -> tuple[str, str]:
    """What comes before curl in its line, and its data."""
    match source.kind:
        case From.IMAGE:
            picture = f"\"$(base64 < {shlex.quote(source.name)} | tr -d '\\n')\""
            return f'printf \'{{"data": "%s"}}\' {picture} |\n', "@-"
        case From.FILE:
            return "", shlex.quote(f"@{source.name}")
        case From.TEXT:
            return "", shlex.quote(source.name)
        case From.STDIN:
            return "", "@-"
    assert_never(source.kind)


def python(call: Call) -> str:
    """A program for Python 3 that needs nothing but its standard library."""
    imports, body = _python_body(call.source)
    deployment = [f"    {DEPLOYMENT_HEADER!r}: {call.deployment!r},"] if call.deployment else []
    modules = sorted({"os", "ssl", "urllib.request", *imports})
    return "\n".join(
        [
            *(f"# {line}" for line in _export(call).splitlines()),
            *(f"import {module}" for module in modules),
            "",
            f"body = {body}",
            "headers = {",
            f"    'Authorization': 'Bearer ' + os.environ['{VARIABLE}'],",
            *(f"    {name!r}: {value!r}," for name, value in _headers(call).items()),
            *deployment,
            "}",
            f"request = urllib.request.Request({call.uri!r}, data=body, headers=headers)",
            f"context = ssl.create_default_context({f'cafile={call.ca_file!r}' if call.ca_file else ''})",
            "with urllib.request.urlopen(request, context=context) as answer:",
            "    print(answer.read().decode())",
            "",
        ]
    )


def _python_body(source: Source) -> tuple[tuple[str, ...], str]:
    """The modules that a body needs, and the expression that makes it."""
    match source.kind:
        case From.IMAGE:
            picture = f"base64.b64encode(open({source.name!r}, 'rb').read()).decode()"
            return ("base64", "json"), f"json.dumps({{'data': {picture}}}).encode()"
        case From.FILE:
            return (), f"open({source.name!r}, 'rb').read()"
        case From.TEXT:
            return (), f"{source.name!r}.encode()"
        case From.STDIN:
            return ("sys",), "sys.stdin.buffer.read()"
    assert_never(source.kind)
