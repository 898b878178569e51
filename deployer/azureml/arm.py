"""Read ARM JSON over pooled connections, without the SDK, whose import alone takes a second."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from deployer.azureml.causes import error_of, names_no_workspace
from deployer.azureml.client import WorkspaceAccess
from deployer.azureml.refusal import Refusal, read_refusal

CONNECTIONS = 32
_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_RETRIES = urllib3.Retry(
    total=6,
    connect=2,
    read=3,
    redirect=0,
    backoff_factor=0.2,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)


def pool_for(access: WorkspaceAccess, host: str, *, retries: urllib3.Retry) -> urllib3.PoolManager:
    """A pool of persistent connections, through the system's proxy if one is set for `host`."""
    proxy = None if access.local is not None or proxy_bypass(host) else getproxies().get("https")
    options: dict[str, Any] = {
        "maxsize": CONNECTIONS,
        "block": True,
        "retries": retries,
        "timeout": _TIMEOUT,
        "ca_certs": access.ca_file,
    }
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)


class Arm:
    """The management API of one workspace. Thread-safe."""

    def __init__(self, access: WorkspaceAccess) -> None:
        self._access = access
        self._pool = pool_for(access, urlsplit(access.base).hostname or "", retries=_RETRIES)

    def get(self, path: str, version: str, *, query: Mapping[str, str] | None = None) -> Mapping[str, Any] | None:
        """GET the resource at `path` in the workspace; None if it does not exist. Raises WorkspaceError."""
        url = self._address(f"{self._access.home}{path}", version, query)
        return self._send("GET", url, what=f"read {path.lstrip('/')}")

    def looked(self, path: str, version: str) -> tuple[Mapping[str, Any] | None, Mapping[str, str]]:
        """What `get` gives, and the headers of the answer, in lower case."""
        url = self._address(f"{self._access.home}{path}", version)
        return self._answered("GET", url, what=f"read {path.lstrip('/') or 'the workspace'}")

    def at(self, path: str, version: str) -> Mapping[str, Any] | None:
        """GET the resource at a path that is not below the workspace; None if it does not exist."""
        return self._send("GET", self._address(path, version), what=f"read {path}")

    def pages(self, path: str, version: str, *, required: bool = False) -> Iterator[Mapping[str, Any]]:
        """The items of a paged list. A missing list is empty, or raises NotFound if `required`."""
        page = self.get(path, version)
        if page is None and required:
            raise error_of(
                Refusal(status=404, code="WorkspaceNotFound", message="There is no such workspace."), "read it"
            )
        yield from self._items(page, path)

    def pages_at(self, path: str, version: str) -> Iterator[Mapping[str, Any]]:
        """The items of a paged list at a path that is not below the workspace; none if there is no such list."""
        yield from self._items(self.at(path, version), path)

    def _items(self, page: Mapping[str, Any] | None, path: str) -> Iterator[Mapping[str, Any]]:
        while page is not None:
            yield from page.get("value") or ()
            following = page.get("nextLink")
            if not following or urlsplit(following)[:2] != urlsplit(self._access.base)[:2]:
                return
            page = self._send("GET", following, what=f"read {path.lstrip('/')}")

    def post(self, path: str, version: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """POST, for actions such as listing keys, tokens or logs. Raises WorkspaceError, also NotFound."""
        url = self._address(f"{self._access.home}{path}", version)
        what = f"call {path.lstrip('/')}"
        found = self._send("POST", url, what=what, body=body)
        if found is None:
            raise error_of(Refusal(status=404, message="There is no such resource."), what)
        return found

    def _address(self, path: str, version: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self._access.base}{path}?{urlencode({'api-version': version, **(query or {})})}"

    def _send(
        self, method: str, url: str, *, what: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any] | None:
        return self._answered(method, url, what=what, body=body)[0]

    def _answered(
        self, method: str, url: str, *, what: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Mapping[str, Any] | None, Mapping[str, str]]:
        answer = self._authorised(method, url, what, body)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status < 300:
            return json.loads(answer.data), headers
        refusal = read_refusal(answer.status, answer.data.decode(errors="replace"), dict(answer.headers))
        if answer.status == 404 and not names_no_workspace(refusal):
            return None, headers
        raise error_of(refusal, what)

    def _authorised(self, method: str, url: str, what: str, body: Mapping[str, Any] | None) -> urllib3.BaseHTTPResponse:
        """Send a request with a bearer token; after a 401, once more with a new token."""
        tokens, scope = self._access.tokens, self._access.scope
        bearer = tokens.bearer(scope)
        answer = self._request(method, url, bearer, what, body)
        if answer.status != 401:
            return answer
        tokens.forget(scope, bearer)
        return self._request(method, url, tokens.bearer(scope), what, body)

    def _request(
        self, method: str, url: str, bearer: str, what: str, body: Mapping[str, Any] | None
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json", "User-Agent": "azureml-deployer"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._pool.request(
                method, url, headers=headers, body=None if body is None else json.dumps(body).encode()
            )
        except urllib3.exceptions.HTTPError as error:
            raise error_of(Refusal(status=0, message=silence(url, error)), what) from error


def silence(url: str, error: Exception) -> str:
    """Why a URL did not respond, in one sentence without its path and query."""
    reason = getattr(error, "reason", None) or error
    parts = urlsplit(url)
    words = str(reason).rpartition(": ")[2] or type(reason).__name__
    return f"Nothing answered at {parts.scheme}://{parts.netloc}: {words}."
