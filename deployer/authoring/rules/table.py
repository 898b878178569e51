"""The rules across fields, files and objects: one table. Each has a code, and a page under that code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.project_index import World
from deployer.authoring.rules import (
    asset_rules,
    deployment_rules,
    endpoint_rules,
    file_rules,
    policy_rules,
    project_rules,
    secret_rules,
)
from deployer.core.diagnostics import Diagnostic
from deployer.core.resources import Kind

E, D, M, V = Kind.ENDPOINT, Kind.DEPLOYMENT, Kind.MODEL, Kind.ENVIRONMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold for every document of some kinds."""

    code: str
    kinds: tuple[Kind, ...]
    check: Callable[[Document, World], Iterator[Fault]]


def _rule(code: str, check: Callable[[Document, World], Iterator[Fault]], *kinds: Kind) -> Rule:
    return Rule(code=code, kinds=kinds, check=check)


RULES: tuple[Rule, ...] = (
    _rule("traffic-sum", endpoint_rules.traffic_sum, E),
    _rule("traffic-name", endpoint_rules.traffic_name, E),
    _rule("mirror-limit", endpoint_rules.mirror_limit, E),
    _rule("mirror-several", endpoint_rules.mirror_several, E),
    _rule("mirror-live", endpoint_rules.mirror_live, E),
    _rule("mirror-kubernetes", endpoint_rules.mirror_kubernetes, E),
    _rule("aad-kubernetes", endpoint_rules.aad_kubernetes, E),
    _rule("identity-shape", endpoint_rules.identity_shape, E),
    _rule("secret-store-identity", endpoint_rules.secret_store_identity, E),
    _rule("rollout-steps", endpoint_rules.rollout_steps, E),
    _rule("tag-reserved", asset_rules.tag_reserved, E, D, M, V),
    _rule("field-ignored", asset_rules.field_ignored, D, M, V),
    _rule("ignore-path", project_rules.ignore_path, E, D),
    _rule("name-duplicate", project_rules.name_duplicate, E, D, M, V),
    _rule("deployment-count", project_rules.deployment_count, E),
    _rule("kubernetes-name-length", project_rules.kubernetes_name_length, D),
    _rule("endpoint-missing", project_rules.endpoint_missing, D),
    _rule("endpoint-unknown", project_rules.endpoint_unknown, D),
    _rule("asset-version", project_rules.asset_version, M, V),
    _rule("name-format", deployment_rules.endpoint_name_format, D),
    _rule("vm-size", deployment_rules.vm_size, D),
    _rule("instance-count", deployment_rules.instance_count, D),
    _rule("request-timeout", deployment_rules.request_timeout, D),
    _rule("scale-type", deployment_rules.scale_type, D),
    _rule("scale-range", deployment_rules.scale_range, D),
    _rule("probe-success", deployment_rules.probe_success, D),
    _rule("kubernetes-field", deployment_rules.kubernetes_field, D),
    _rule("registry-kubernetes", deployment_rules.registry_kubernetes, D),
    _rule("mount-path", deployment_rules.mount_path, D),
    _rule("worker-count", deployment_rules.worker_count, D),
    _rule("smoke-shape", deployment_rules.smoke_shape, D),
    _rule("environment-shape", asset_rules.environment_shape, D, V),
    _rule("model-path", asset_rules.model_path, D, M),
    _rule("code-missing", file_rules.code_missing, D),
    _rule("script-missing", file_rules.script_missing, D),
    _rule("script-syntax", file_rules.script_syntax, D),
    _rule("script-functions", file_rules.script_functions, D),
    _rule("conda-missing", file_rules.conda_missing, D, V),
    _rule("conda-syntax", file_rules.conda_syntax, D, V),
    _rule("model-missing", file_rules.model_missing, D, M),
    _rule("build-missing", file_rules.build_missing, D, V),
    _rule("smoke-file", file_rules.smoke_file, D),
    _rule("literal-secret", secret_rules.literal_secret, D),
    _rule("policy-min-instances", policy_rules.min_instances, D),
    _rule("policy-max-instances", policy_rules.max_instances, D),
    _rule("policy-pinned-versions", policy_rules.pinned_versions, D),
    _rule("policy-vm-size", policy_rules.vm_sizes, D),
    _rule("policy-public-access", policy_rules.public_access, E),
)
BY_KIND = {kind: tuple(rule for rule in RULES if kind in rule.kinds) for kind in (E, D, M, V)}


def broken_rules(document: Document, world: World) -> Iterator[Diagnostic]:
    """What the rules have against one document."""
    if document.kind is None:
        return
    for rule in BY_KIND[document.kind]:
        for fault in rule.check(document, world):
            yield document.diagnostic(rule.code, fault)
