"""Whether our tags fit beside the user's: Azure allows 50 on a resource. Pure.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from deployer.core.bookkeeping import Bookkeeping, Earlier
from deployer.core.fingerprint import as_json
from deployer.core.plan import Finding, Step
from deployer.core.resources import (
    Kind,
    Ref,
    Resource,
    Value,
    endpoint_ref,
    noted_secrets,
    share_map,
    traffic_ref,
    value_at,
)
from deployer.kinds.deployment import SERVICE_VARIABLES
from deployer.planning.review import Case

MAX_TAGS = 50
COMMIT = 1
"""The tag for the commit of the specs, which is noted after the plan is made."""
_PIECE = 256
_SHARE, _VERDICT = len("=100;"), len("=1.0123456789ab.0123456789ab;")


def too_many_tags(case: Case) -> Iterator[Finding]:
    """Resources that this plan writes and that could get more tags than Azure allows."""
    final = case.end
    for endpoint in sorted({step.ref.endpoint for step in case.steps} - {""}):
        if there := final.get(endpoint_ref(endpoint)):
            yield from _crowded(there, endpoint_tags(endpoint, case) + _secret_tags(there, case), case)
    for step in case.steps:
        if step.ref.kind is Kind.DEPLOYMENT and step.after is not None:
            noted = step.bookkeeping or Bookkeeping()
            ours = deployment_tags(step.after, noted.earlier) + _secret_tags(step.after, case)
            ours += COMMIT + (noted.revision is not None)
            yield from _crowded(step.after, ours, case)


def _crowded(resource: Resource, ours: int, case: Case) -> Iterator[Finding]:
    tags = resource.fields.get("tags")
    theirs = len(tags) if isinstance(tags, Mapping) else 0
    if theirs + ours > MAX_TAGS:
        yield Finding(
            code="too-many-tags",
            summary=f"{resource.ref} could need {theirs + ours} tags: {theirs} of its own and {ours} of the deployer",
            detail=f"Azure allows {MAX_TAGS}: leave out {theirs + ours - MAX_TAGS} of the tags in its spec.",
            ref=resource.ref,
            origin=case.origins.of(resource.ref, ("tags",)),
            blocking=True,
        )


def _secret_tags(resource: Resource, case: Case) -> int:
    """The tags that note which fields were secret."""
    noted = noted_secrets(case.live.get(resource.ref)).and_those_of(resource.fields)
    return 1 if noted.all else _pieces([9 * len(noted.hashes)])


def endpoint_tags(endpoint: str, case: Case) -> int:
    """The most tags of ours that this plan, or the undo of one of its steps, can put on an endpoint."""
    traffic = [case.live.get(traffic_ref(endpoint)), *_traffic_after(endpoint, case.steps)]
    split = {name for item in traffic for name in share_map(item, "traffic")}
    mirror = {name for item in traffic for name in share_map(item, "mirror_traffic")}
    verdicts = _pieces(len(name) + _VERDICT for name in _judged(endpoint, case))
    rolls = endpoint in case.intent.rollouts or any(item and item.seen.bookkeeping.rollout for item in traffic)
    protected = endpoint in case.intent.protected
    shares = _pieces(len(name) + _SHARE for name in split) + _pieces(len(name) + _SHARE for name in mirror)
    held = _pieces(len(ref.name) + _VERDICT for ref in case.revisions.current if ref.endpoint == endpoint)
    scaled = [*case.desired.of_kind(Kind.AUTOSCALE), *case.live.of_kind(Kind.AUTOSCALE)]
    autoscaled = any(item.ref.endpoint == endpoint for item in scaled)
    return 1 + shares + 2 * verdicts + rolls + protected + held + autoscaled


def _traffic_after(endpoint: str, steps: Iterable[Step]) -> Iterator[Resource | None]:
    yield from (step.after for step in steps if step.ref == traffic_ref(endpoint))


def _judged(endpoint: str, case: Case) -> frozenset[str]:
    """The deployments with a verdict now, or after this plan."""
    traffic = case.live.get(traffic_ref(endpoint))
    noted = [*traffic.seen.bookkeeping.tested, *traffic.seen.bookkeeping.failed] if traffic else []
    rollout = case.intent.rollouts.get(endpoint)
    watched: list[Ref] = [item.ref for item in case.desired.deployments(endpoint)] if rollout and rollout.watch else []
    tested: list[Ref] = [ref for ref in case.intent.smoke_tests if ref.endpoint == endpoint]
    return frozenset([*noted, *(ref.name for ref in [*tested, *watched])])


def deployment_tags(deployment: Resource, earlier: Earlier | None) -> int:
    """The most tags of ours that a write of a deployment can put on it."""
    noted = [earlier.model, earlier.environment, earlier.code] if earlier else []
    others = json.dumps(earlier.others) if earlier and earlier.others else ""
    before = sum(_pieces([len(text)]) for text in [*noted, others])
    has_code = value_at(deployment.fields, ("code_configuration", "code")) is not None
    return 1 + has_code + _pieces([len(sent_words(deployment.fields))]) + before


def sent_words(fields: Mapping[str, Value]) -> str:
    """At least as many characters as the note of the values that Azure does not return; "" if there are none."""
    collections = value_at(fields, ("data_collector", "collections"))
    parts = collections if isinstance(collections, Mapping) else {}
    found: dict[str, Value] = {
        "model_mount_path": value_at(fields, ("model_mount_path",)),
        "request_settings.max_queue_wait_ms": value_at(fields, ("request_settings", "max_queue_wait_ms")),
        "data": {name: data for name, part in parts.items() if (data := value_at(part, ("data",)))},
        "variables": sorted(_names(fields).intersection(SERVICE_VARIABLES)),
    }
    kept = {name: value for name, value in found.items() if value not in (None, {}, [])}
    return json.dumps(kept, separators=(",", ":"), default=as_json) if kept else ""


def _names(fields: Mapping[str, Value]) -> frozenset[str]:
    variables = fields.get("environment_variables")
    return frozenset(variables) if isinstance(variables, Mapping) else frozenset()


def _pieces(lengths: Iterable[int]) -> int:
    """The number of tag values that hold so many characters."""
    return -(-sum(lengths) // _PIECE)
