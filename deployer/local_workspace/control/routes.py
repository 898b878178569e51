"""The route table of the control plane, and what is checked of every request before its own answer is asked."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployer.local_workspace.blob import api as blob_api
from deployer.local_workspace.blob.addresses import ACCOUNT
from deployer.local_workspace.control import admin, operations, refusals
from deployer.local_workspace.control.api_versions import versions_at
from deployer.local_workspace.control.context import Handler, ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused, envelope
from deployer.local_workspace.control.monitor import autoscale_settings, metrics
from deployer.local_workspace.control.request import PROVIDER, Call, Reply, encoded
from deployer.local_workspace.control.resources import (
    assets,
    code_assets,
    core_quota,
    deployments,
    endpoints,
    keys,
    workspace_resource,
)
from deployer.local_workspace.identity import PLACE, SUBSCRIPTION
from deployer.local_workspace.store import is_full

_LOG = logging.getLogger("deployer.local_workspace")
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_WORKSPACE = f"{_GROUP}/providers/{PROVIDER}/workspaces/{{workspace}}"
_LOCATION = f"{_SUBSCRIPTION}/providers/{PROVIDER}/locations/{{location}}"
_ENDPOINT = "/onlineEndpoints/{endpoint}"
_DEPLOYMENT = f"{_ENDPOINT}/deployments/{{deployment}}"
_CODE = "/codes/{name}/versions"
_METRICS = "/providers/Microsoft.Insights/metrics"
_AUTOSCALE = "/providers/Microsoft.Insights/autoscaleSettings"
_DEFINITIONS = "/providers/Microsoft.Insights/metricDefinitions"

_BELOW_WORKSPACE: Mapping[tuple[str, str], Handler] = {
    ("GET", ""): workspace_resource.get_workspace,
    ("GET", "/providers/Microsoft.Authorization/permissions"): workspace_resource.list_permissions,
    ("GET", "/datastores"): workspace_resource.list_datastores,
    ("GET", "/datastores/{datastore}"): workspace_resource.get_datastore,
    ("POST", "/datastores/{datastore}/listSecrets"): workspace_resource.list_secrets,
    ("GET", _CODE): code_assets.list_codes,
    ("GET", f"{_CODE}/{{version}}"): code_assets.get_code,
    ("PUT", f"{_CODE}/{{version}}"): code_assets.put_code,
    ("POST", f"{_CODE}/{{version}}/startPendingUpload"): code_assets.start_upload,
    ("GET", "/onlineEndpoints"): endpoints.list_endpoints,
    ("GET", _ENDPOINT): endpoints.get_endpoint,
    ("PUT", _ENDPOINT): endpoints.put_endpoint,
    ("PATCH", _ENDPOINT): endpoints.patch_endpoint,
    ("DELETE", _ENDPOINT): endpoints.delete_endpoint,
    ("POST", f"{_ENDPOINT}/listKeys"): keys.list_keys,
    ("POST", f"{_ENDPOINT}/regenerateKeys"): keys.regenerate,
    ("POST", f"{_ENDPOINT}/token"): keys.issue_token,
    ("GET", f"{_ENDPOINT}/deployments"): deployments.list_deployments,
    ("GET", _DEPLOYMENT): deployments.get_deployment,
    ("PUT", _DEPLOYMENT): deployments.put_deployment,
    ("PATCH", _DEPLOYMENT): deployments.patch_deployment,
    ("DELETE", _DEPLOYMENT): deployments.delete_deployment,
    ("POST", f"{_DEPLOYMENT}/getLogs"): deployments.get_logs,
    ("GET", f"{_DEPLOYMENT}/skus"): deployments.list_skus,
    ("GET", f"{_ENDPOINT}{_METRICS}"): metrics.of_endpoint,
    ("GET", f"{_DEPLOYMENT}{_METRICS}"): metrics.of_deployment,
    ("GET", f"{_ENDPOINT}{_DEFINITIONS}"): metrics.definitions_of_endpoint,
    ("GET", f"{_DEPLOYMENT}{_DEFINITIONS}"): metrics.definitions_of_deployment,
    **assets.answers(assets.MODELS),
    **assets.answers(assets.ENVIRONMENTS),
    **assets.answers(assets.DATA),
}
_BELOW_LOCATION: Mapping[tuple[str, str], Handler] = {
    ("GET", "/mfeOperationsStatus/{operation}"): operations.get_status,
    ("GET", "/mfeOperationResults/{operation}"): operations.get_result,
    ("GET", "/usages"): core_quota.list_usages,
}
_BELOW_GROUP: Mapping[tuple[str, str], Handler] = {
    ("GET", _AUTOSCALE): autoscale_settings.list_settings,
    ("GET", f"{_AUTOSCALE}/{{setting}}"): autoscale_settings.get_setting,
    ("PUT", f"{_AUTOSCALE}/{{setting}}"): autoscale_settings.put_setting,
    ("PATCH", f"{_AUTOSCALE}/{{setting}}"): autoscale_settings.patch_setting,
    ("DELETE", f"{_AUTOSCALE}/{{setting}}"): autoscale_settings.delete_setting,
}
_BELOW_SUBSCRIPTION: Mapping[tuple[str, str], Handler] = {
    ("GET", _AUTOSCALE): autoscale_settings.list_settings,
    ("GET", "/providers/{namespace}"): workspace_resource.get_provider,
}
# Query parameters by the last fixed part of the path; every operation takes api-version.
_LISTED = {"$skip", "$top", "$orderBy", "count", "listViewType"}
_PARAMETERS: Mapping[str, set[str]] = {
    "/onlineEndpoints": {"name", "count", "computeType", "$skip", "tags", "properties", "orderBy"},
    f"{_ENDPOINT}/deployments": {"$orderBy", "$top", "$skip"},
    f"{_DEPLOYMENT}/skus": {"count", "$skip"},
    _CODE: _LISTED | {"hash", "hashVersion"},
    "/models": _LISTED,
    "/environments": _LISTED,
    "/data": _LISTED,
    "/datastores": {"$skip", "count", "isDefault", "names", "searchText", "orderBy", "orderByAsc"},
    "/models/{name}/versions": _LISTED | {"version", "description", "offset", "tags", "properties", "feed", "stage"},
    "/environments/{name}/versions": _LISTED | {"stage"},
    "/data/{name}/versions": _LISTED | {"$tags", "tags", "stage"},
    f"{_ENDPOINT}{_METRICS}": metrics.PARAMETERS,
    f"{_DEPLOYMENT}{_METRICS}": metrics.PARAMETERS,
    f"{_ENDPOINT}{_DEFINITIONS}": {"metricnamespace"},
    f"{_DEPLOYMENT}{_DEFINITIONS}": {"metricnamespace"},
    "/mfeOperationsStatus/{operation}": {"t", "c", "s", "h"},
    "/mfeOperationResults/{operation}": {"t", "c", "s", "h"},
}


@dataclass(frozen=True, slots=True)
class _Served:
    """One row of the table: its path below the workspace or the location, and who answers."""

    context: ServerContext
    path: str
    answer: Handler

    async def respond(self, request: Request) -> Response:
        """Read the request, have it answered, and turn refusals into their envelopes."""

        async def reply() -> Reply:
            call = await _read(request, _PARAMETERS.get(self.path, set()))
            return await self.answer(self.context, call)

        return await guarded(self.context, reply)


async def guarded(context: ServerContext, reply: Callable[[], Awaitable[Reply]]) -> Response:
    """The response of a reply, or of the refusal that it raised."""
    begun = time.perf_counter()
    try:
        answered = await reply()
    except ArmRefused as refused:
        answered = refusal(refused)
    except (OSError, sqlite3.Error) as error:
        if not is_full(error):
            raise
        answered = refusal(ArmRefused(refusals.DISK_FULL, {"place": str(context.home.root)}))
    content, headers = encoded(answered)
    headers["x-request-time"] = f"{time.perf_counter() - begun:.3f}"
    return Response(content, status_code=answered.status, headers=headers)


def refusal(refused: ArmRefused) -> Reply:
    """The reply that refuses."""
    return Reply(status=refused.refusal.status, body=envelope(refused, PLACE))


async def _read(request: Request, parameters: set[str]) -> Call:
    """The request as the answers see it; refused where it is not for this workspace or not of a known form."""
    query = dict(request.query_params)
    _check_scope(request.path_params)
    _check_version(query, request.url.path)
    for name in query:
        if name not in parameters and name != "api-version":
            raise ArmRefused(refusals.UNKNOWN_PARAMETER, {"name": name})
    return Call(
        method=request.method,
        path=request.url.path,
        names=request.path_params,
        query=query,
        body=await _body(request),
        stale=request.scope.get("local.stale", False),
        overlap=request.scope.get("local.overlap", False),
        metrics_fault=request.scope.get("local.metrics"),
        operation_fault=request.scope.get("local.operation_fault"),
    )


async def _body(request: Request) -> dict[str, Any] | None:
    if request.method not in ("PUT", "PATCH", "POST") or not (content := await request.body()):
        return None
    try:
        body = json.loads(content)
    except ValueError as error:
        raise ArmRefused(refusals.NOT_JSON, {"problem": str(error)}) from error
    if body is not None and not isinstance(body, dict):
        raise ArmRefused(refusals.NOT_JSON, {"problem": "The body is not a JSON object."})
    return body


def _check_scope(names: Mapping[str, str]) -> None:
    if names["subscription"].lower() != SUBSCRIPTION:
        raise ArmRefused(refusals.NO_SUBSCRIPTION, {"subscription": names["subscription"]})
    if names.get("group", PLACE).lower() != PLACE:
        raise ArmRefused(refusals.NO_RESOURCE_GROUP, {"group": names["group"]})
    if names.get("workspace", PLACE).lower() != PLACE:
        raise ArmRefused(refusals.NO_WORKSPACE, {"workspace": names["workspace"], "group": names["group"]})


def _check_version(query: Mapping[str, str], path: str) -> None:
    version = query.get("api-version")
    if not version:
        raise ArmRefused(refusals.MISSING_API_VERSION)
    if version.lower() not in versions_at(path.lower()):
        kind = path.rpartition("/providers/")[2].split("/")[1]
        raise ArmRefused(refusals.UNKNOWN_API_VERSION, {"location": PLACE, "version": version, "type": kind})


def control_plane(context: ServerContext) -> Starlette:
    """The application that answers everything but scoring; paths are read whatever their letter case."""

    async def blob(request: Request) -> Response:
        return await blob_api.answer(blob_api.Storage(store=context.store, folder=context.blobs), request)

    async def unknown(request: Request, _: Exception) -> Response:
        values = {"method": request.method, "path": request.url.path}
        content, headers = encoded(refusal(ArmRefused(refusals.NO_ROUTE, values)))
        return Response(content, status_code=404, headers=headers)

    async def broken(_: Request, error: Exception) -> Response:
        _LOG.error("a request failed", exc_info=error)
        values = {"problem": f"{type(error).__name__}: {error}", "log": str(context.home.log)}
        content, headers = encoded(refusal(ArmRefused(refusals.INTERNAL, values)))
        return Response(content, status_code=500, headers=headers)

    served = [_route(context, method, _WORKSPACE, path, answer) for (method, path), answer in _BELOW_WORKSPACE.items()]
    served += [_route(context, method, _LOCATION, path, answer) for (method, path), answer in _BELOW_LOCATION.items()]
    served += [_route(context, method, _GROUP, path, answer) for (method, path), answer in _BELOW_GROUP.items()]
    served += [
        _route(context, method, _SUBSCRIPTION, path, answer) for (method, path), answer in _BELOW_SUBSCRIPTION.items()
    ]
    methods = ["GET", "HEAD", "PUT", "DELETE"]
    served += [Route(f"/{ACCOUNT}/{{container}}/{{path:path}}", blob, methods=methods)]
    served += [Route(f"/{ACCOUNT}/{{container}}", blob, methods=methods)]
    served += admin.routes(context)
    handlers: dict[Any, Any] = {404: unknown, 405: unknown, Exception: broken}
    return Starlette(routes=served, exception_handlers=handlers)


def _route(context: ServerContext, method: str, above: str, path: str, answer: Handler) -> Route:
    route = Route(above + path, _Served(context, path, answer).respond, methods=[method])
    route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)
    return route
