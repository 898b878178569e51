"""The rules across fields, files and objects: one table. Each has a code, and a page under that code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deployer.diagnostics import Diagnostic
from deployer.resources import Kind
from deployer.spec import (
    rules_assets,
    rules_deployment,
    rules_endpoint,
    rules_files,
    rules_policy,
    rules_project,
    rules_secrets,
)
from deployer.spec.document import Document, Fault
from deployer.spec.world import World

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
    _rule("traffic-sum", rules_endpoint.traffic_sum, E),
    _rule("traffic-name", rules_endpoint.traffic_name, E),
    _rule("mirror-limit", rules_endpoint.mirror_limit, E),
    _rule("mirror-several", rules_endpoint.mirror_several, E),
    _rule("mirror-live", rules_endpoint.mirror_live, E),
    _rule("mirror-kubernetes", rules_endpoint.mirror_kubernetes, E),
    _rule("aad-kubernetes", rules_endpoint.aad_kubernetes, E),
    _rule("identity-shape", rules_endpoint.identity_shape, E),
    _rule("secret-store-identity", rules_endpoint.secret_store_identity, E),
    _rule("rollout-steps", rules_endpoint.rollout_steps, E),
    _rule("tag-reserved", rules_assets.tag_reserved, E, D, M, V),
    _rule("field-ignored", rules_assets.field_ignored, D, M, V),
    _rule("ignore-path", rules_project.ignore_path, E, D),
    _rule("name-duplicate", rules_project.name_duplicate, E, D, M, V),
    _rule("deployment-count", rules_project.deployment_count, E),
    _rule("kubernetes-name-length", rules_project.kubernetes_name_length, D),
    _rule("endpoint-missing", rules_project.endpoint_missing, D),
    _rule("endpoint-unknown", rules_project.endpoint_unknown, D),
    _rule("asset-version", rules_project.asset_version, M, V),
    _rule("name-format", rules_deployment.endpoint_name_format, D),
    _rule("vm-size", rules_deployment.vm_size, D),
    _rule("instance-count", rules_deployment.instance_count, D),
    _rule("request-timeout", rules_deployment.request_timeout, D),
    _rule("scale-type", rules_deployment.scale_type, D),
    _rule("scale-range", rules_deployment.scale_range, D),
    _rule("probe-success", rules_deployment.probe_success, D),
    _rule("kubernetes-field", rules_deployment.kubernetes_field, D),
    _rule("registry-kubernetes", rules_deployment.registry_kubernetes, D),
    _rule("mount-path", rules_deployment.mount_path, D),
    _rule("worker-count", rules_deployment.worker_count, D),
    _rule("smoke-shape", rules_deployment.smoke_shape, D),
    _rule("environment-shape", rules_assets.environment_shape, D, V),
    _rule("model-path", rules_assets.model_path, D, M),
    _rule("code-missing", rules_files.code_missing, D),
    _rule("script-missing", rules_files.script_missing, D),
    _rule("script-syntax", rules_files.script_syntax, D),
    _rule("script-functions", rules_files.script_functions, D),
    _rule("conda-missing", rules_files.conda_missing, D, V),
    _rule("conda-syntax", rules_files.conda_syntax, D, V),
    _rule("model-missing", rules_files.model_missing, D, M),
    _rule("build-missing", rules_files.build_missing, D, V),
    _rule("smoke-file", rules_files.smoke_file, D),
    _rule("literal-secret", rules_secrets.literal_secret, D),
    _rule("policy-min-instances", rules_policy.min_instances, D),
    _rule("policy-max-instances", rules_policy.max_instances, D),
    _rule("policy-pinned-versions", rules_policy.pinned_versions, D),
    _rule("policy-vm-size", rules_policy.vm_sizes, D),
    _rule("policy-public-access", rules_policy.public_access, E),
)
BY_KIND = {kind: tuple(rule for rule in RULES if kind in rule.kinds) for kind in (E, D, M, V)}


def broken_rules(document: Document, world: World) -> Iterator[Diagnostic]:
    """What the rules have against one document."""
    if document.kind is None:
        return
    for rule in BY_KIND[document.kind]:
        for fault in rule.check(document, world):
            yield document.diagnostic(rule.code, fault)
