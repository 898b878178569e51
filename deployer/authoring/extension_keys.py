"""Extension keys -> Intent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deployer.authoring.documents.document import Document, FieldPath
from deployer.authoring.project_index import declared_by, project_path, resolved
from deployer.core.compute import compute_of
from deployer.core.duration_text import seconds
from deployer.core.fields import path_of, schema_name, schema_of, with_schema_defaults
from deployer.core.intent import ANYTHING, Checks, Intent, OnInconclusive, Rollout, SmokeTest, Watch
from deployer.core.metrics import PERCENTILES
from deployer.core.resources import KeyPath, Kind

AUTOSCALE = "x-autoscale"
INSTANCES: KeyPath = ("instance_count",)


def is_autoscaled(document: Document) -> bool:
    """Whether a document declares an autoscale setting."""
    return isinstance(document.get(AUTOSCALE), dict)


def autoscale_parts(document: Document) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """The maps with bounds and rules, by their places: that of `x-autoscale`, and those of its schedules."""
    if is_autoscaled(document):
        yield (AUTOSCALE,), document.map(AUTOSCALE)
    for name, schedule in document.map(AUTOSCALE, "schedules").items():
        if isinstance(schedule, Mapping):
            yield (AUTOSCALE, "schedules", name), schedule


def has_revisions(deployment: Document, policy: Mapping[str, Any]) -> bool:
    """Whether a deployment has revisions, by its spec or by the policy of its env."""
    return isinstance(deployment.get("x-revisions"), dict) or isinstance(policy.get("revisions"), Mapping)


def intent_of(documents: Sequence[Document], project: Path, policy: Mapping[str, Any]) -> Intent:
    """The intent in the extension keys of documents, and in the policy of their env."""
    endpoints = [document for document in documents if document.kind is Kind.ENDPOINT]
    deployments = [document for document in documents if document.kind is Kind.DEPLOYMENT]
    return Intent(
        smoke_tests={
            declared_by(item): _smoke_test(item, project) for item in deployments if item.data.get("x-smoke-test")
        },
        rollouts={item.text("name").lower(): rollout_of(item) for item in endpoints if "x-rollout" in item.data},
        protected=frozenset(item.text("name").lower() for item in endpoints if item.get("x-protect") is True),
        revisions={
            declared_by(item): int(_filled(item, "x-revisions", policy.get("revisions") or {})["keep"])
            for item in deployments
            if has_revisions(item, policy)
        },
        ignored={declared_by(item): paths for item in documents if (paths := _ignored(item))},
    )


def _ignored(document: Document) -> tuple[KeyPath, ...]:
    """The paths whose live values are kept: with autoscale, the number of instances is one of them."""
    paths = tuple(path_of(document.kind or Kind.ENDPOINT, path) for path in document.get_list("x-ignore"))
    return (*paths, INSTANCES) if is_autoscaled(document) else paths


def _smoke_test(document: Document, project: Path) -> SmokeTest:
    test, filled = document.map("x-smoke-test"), _filled(document, "x-smoke-test")
    files = {key: resolved(document, test[key]) for key in ("request", "image") if key in test}
    paths = {key: project_path(path, project) for key, path in files.items()}
    content = next(iter(files.values())).read_bytes()
    return SmokeTest(
        request=paths.get("request", ""),
        image=paths.get("image", ""),
        body_hash=hashlib.sha256(content).hexdigest(),
        content_type=str(filled["content_type"]),
        headers=test.get("headers") or {},
        status=int(filled["status"]),
        json=test.get("json", ANYTHING),
        subset=test.get("subset", ANYTHING),
        contains=str(test.get("contains", "")),
        schema=test.get("schema") or {},
        tolerance=float(test.get("tolerance", 0.0)),
        max_ms=test.get("max_ms"),
    )


def rollout_of(document: Document) -> Rollout:
    """The rollout that an endpoint declares, with the defaults of the schema."""
    rollout = _filled(document, "x-rollout")
    checks = rollout["checks"]
    return Rollout(
        steps=tuple(rollout["steps"]),
        bake_seconds=seconds(rollout["bake"]),
        checks=Checks(
            smoke=checks["smoke"],
            max_error_rate=_share(checks["max_error_rate"]),
            max_p95_ms=checks["max_p95_ms"],
            min_requests=checks["min_requests"],
        ),
        watch=_watch(rollout["watch"]) if "watch" in document.map("x-rollout") else None,
    )


def _watch(watch: Mapping[str, Any]) -> Watch:
    most = {rank: watch[f"max_p{rank}_ms"] for rank in PERCENTILES}
    slower = {rank: watch[f"p{rank}"] for rank in PERCENTILES}
    return Watch(
        window=seconds(watch["window"]),
        settle=seconds(watch["settle"]),
        grain=seconds(watch["grain"]),
        min_requests=watch["min_requests"],
        max_error_rate=_share(watch["max_error_rate"]),
        max_ms={rank: float(limit) for rank, limit in most.items() if limit is not None},
        error_rate=_share(watch["error_rate"]),
        slower={rank: _times(factor) for rank, factor in slower.items() if factor is not None},
        confidence=_share(watch["confidence"]) or 0.0,
        on_inconclusive=OnInconclusive(watch["on_inconclusive"]),
        limit=seconds(watch["limit"]),
    )


def _filled(document: Document, key: str, usual: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The value of an extension key, with what is `usual` and schema defaults filled in."""
    kind = document.kind or Kind.ENDPOINT
    node = schema_of(schema_name(kind))["properties"][key]
    return with_schema_defaults(node, {**usual, **document.map(key)}, compute_of(document.data))


def _share(value: str | float | None) -> float | None:
    """A rate from 0 to 1, given as a number or as a percentage."""
    return float(value.removesuffix("%")) / 100 if isinstance(value, str) else value


def _times(value: str | float) -> float:
    """A factor, given as a number or as "1.2x"."""
    return float(value.removesuffix("x")) if isinstance(value, str) else float(value)
