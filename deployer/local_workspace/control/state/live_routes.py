"""The endpoints as the front door sees them: kept in memory, for every scored request asks."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path

from deployer.local_workspace.control.state.tokens import EndpointTokens
from deployer.local_workspace.control.state.workloads import workload
from deployer.local_workspace.ports import Route
from deployer.local_workspace.store import Document, Store


class LiveRoutes:
    """`ports.Routes` over the store."""

    def __init__(
        self, store: Store, blobs: Path, tokens: EndpointTokens, is_control_token: Callable[[str], bool]
    ) -> None:
        self._store, self._blobs, self._tokens = store, blobs, tokens
        self._is_control_token = is_control_token
        self._routes: dict[str, Route] = {}
        self._keys: dict[str, tuple[bytes, ...]] = {}
        for endpoint in store.list("endpoint"):
            self.refresh(endpoint["name"].lower())

    def refresh(self, endpoint: str) -> None:
        """Read one endpoint again, after anything about it or its deployments changed."""
        document = self._store.get("endpoint", endpoint)
        if document is None or not document["created"]:
            self._routes.pop(endpoint, None)
            self._keys.pop(endpoint, None)
            return
        self._routes[endpoint] = self._read(endpoint, document)
        self._keys[endpoint] = tuple(key.encode() for key in document["keys"].values())

    def _read(self, endpoint: str, document: Document) -> Route:
        serving = {
            item["name"].lower(): workload(self._store, self._blobs, item | item["serving"])
            for item in self._store.list("deployment", f"{endpoint}/")
            if item["serving"]
        }
        return Route(
            endpoint=endpoint,
            auth_mode=document["authMode"],
            traffic={name.lower(): share for name, share in document["traffic"].items()},
            mirror_traffic={name.lower(): share for name, share in document["mirrorTraffic"].items()},
            deployments=serving,
        )

    def route(self, endpoint: str) -> Route | None:
        """The endpoint of that name, whatever its letter case; None where there is none."""
        return self._routes.get(endpoint) or self._routes.get(endpoint.lower())

    def authorises(self, endpoint: str, bearer: str) -> bool:
        """Whether this key or token opens this endpoint.

        The Entra token of auth mode AADToken is the token of the control plane: it is what the local credential gives.
        """
        route = self.route(endpoint)
        if route is None:
            return False
        match route.auth_mode:
            case "Key":
                given = bearer.encode()
                return any([hmac.compare_digest(given, key) for key in self._keys[route.endpoint]])
            case "AMLToken":
                return self._tokens.opens(route.endpoint, bearer)
            case "AADToken":
                return self._is_control_token(bearer)
