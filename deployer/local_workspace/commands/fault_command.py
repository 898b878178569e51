"""What `fault` does: calls of the admin routes of the running server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deployer.local_workspace.command_errors import CommandError
from deployer.local_workspace.commands.background import alive
from deployer.local_workspace.files.paths import Home


def add(home: Home, wanted: Mapping[str, Any]) -> Any:
    """Inject a fault; what is None was not asked for. Returns what the server answers, as those below."""
    return _ask(home, "POST", "faults", _given(wanted))


def faults(home: Home) -> Any:
    """The faults that are injected now."""
    return _ask(home, "GET", "faults", None)


def clear(home: Home) -> Any:
    """Remove all faults, quotas and token lifetimes."""
    return _ask(home, "DELETE", "faults", None)


def limit(home: Home, limits: Iterable[str]) -> Any:
    """Limit the cores of VM families, each as FAMILY=CORES. Raises CommandError for another form."""
    return _ask(home, "PUT", "quota", dict(map(_limit, limits)))


def tokens(home: Home, wanted: Mapping[str, Any]) -> Any:
    """Set the lifetime of endpoint tokens."""
    return _ask(home, "PUT", "tokens", _given(wanted))


def _given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _limit(text: str) -> tuple[str, int]:
    family, _, cores = text.partition("=")
    if not family or not cores.isdecimal():
        raise CommandError(f"'{text}' is not FAMILY=CORES, such as standardDSv2Family=8")
    return family, int(cores)


def _ask(home: Home, method: str, what: str, body: object) -> Any:
    import ssl  # late, as those below: the other commands do not pay for them
    import urllib.error
    import urllib.request

    found = alive(home)
    if found is None:
        raise CommandError("the local workspace is not running; start it with `up`")
    content = None if body is None else json.dumps(body).encode()
    headers = {"x-local-admin-key": home.admin_key.read_text()}
    request = urllib.request.Request(f"{found['api']}/admin/{what}", content, headers, method=method)  # noqa: S310
    trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(home.ca)))
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusted)
    try:
        with direct.open(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise CommandError(str(json.load(error).get("error"))) from error
