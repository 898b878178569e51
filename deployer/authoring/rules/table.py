"""The table of all rules across fields, files and documents. Each has a code with a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.project_index import World
from deployer.authoring.rules import (
    asset_rules,
    autoscale_rules,
    conda_rules,
    content_rules,
    deployment_rules,
    endpoint_rules,
    file_rules,
    outside_rules,
    policy_rules,
    project_rules,
    rollout_rules,
    secret_rules,
)
from deployer.core.diagnostics import Diagnostic
from deployer.core.resources import Kind
from deployer.kinds import ASSETS, DOCUMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A check for all documents of some kinds."""

    code: str
    kinds: tuple[Kind, ...]
    check: Callable[[Document, World], Iterator[Fault]]


def _rule(code: str, check: Callable[[Document, World], Iterator[Fault]], *kinds: Kind) -> Rule:
    return Rule(code=code, kinds=kinds, check=check)


RULES: tuple[Rule, ...] = (
    _rule("traffic-sum", endpoint_rules.traffic_sum, Kind.ENDPOINT),
    _rule("traffic-name", endpoint_rules.traffic_name, Kind.ENDPOINT),
    _rule("mirror-limit", endpoint_rules.mirror_limit, Kind.ENDPOINT),
    _rule("mirror-several", endpoint_rules.mirror_several, Kind.ENDPOINT),
    _rule("mirror-live", endpoint_rules.mirror_live, Kind.ENDPOINT),
    _rule("mirror-kubernetes", endpoint_rules.mirror_kubernetes, Kind.ENDPOINT),
    _rule("aad-kubernetes", endpoint_rules.aad_kubernetes, Kind.ENDPOINT),
    _rule("identity-shape", endpoint_rules.identity_shape, Kind.ENDPOINT),
    _rule("secret-store-identity", endpoint_rules.secret_store_identity, Kind.ENDPOINT),
    _rule("rollout-steps", rollout_rules.rollout_steps, Kind.ENDPOINT),
    _rule("rollout-watch", rollout_rules.rollout_watch, Kind.ENDPOINT),
    _rule("tag-reserved", asset_rules.tag_reserved, *DOCUMENTS),
    _rule("field-ignored", asset_rules.field_ignored, Kind.DEPLOYMENT, *ASSETS),
    _rule("ignore-path", project_rules.ignore_path, Kind.ENDPOINT, Kind.DEPLOYMENT),
    _rule("name-duplicate", project_rules.name_duplicate, *DOCUMENTS),
    _rule("deployment-count", project_rules.deployment_count, Kind.ENDPOINT),
    _rule("kubernetes-name-length", project_rules.kubernetes_name_length, Kind.DEPLOYMENT),
    _rule("endpoint-missing", project_rules.endpoint_missing, Kind.DEPLOYMENT),
    _rule("endpoint-unknown", project_rules.endpoint_unknown, Kind.DEPLOYMENT),
    _rule("compute-mismatch", project_rules.compute_mismatch, Kind.DEPLOYMENT),
    _rule("asset-version", project_rules.asset_version, *ASSETS),
    _rule("name-format", deployment_rules.endpoint_name_format, Kind.DEPLOYMENT),
    _rule("vm-size", deployment_rules.vm_size, Kind.DEPLOYMENT),
    _rule("instance-count", deployment_rules.instance_count, Kind.DEPLOYMENT),
    _rule("request-timeout", deployment_rules.request_timeout, Kind.DEPLOYMENT),
    _rule("scale-type", deployment_rules.scale_type, Kind.DEPLOYMENT),
    _rule("field-of-type", deployment_rules.field_of_type, Kind.DEPLOYMENT),
    _rule("autoscale-count", autoscale_rules.autoscale_count, Kind.DEPLOYMENT),
    _rule("autoscale-bounds", autoscale_rules.autoscale_bounds, Kind.DEPLOYMENT),
    _rule("autoscale-schedule", autoscale_rules.autoscale_schedule, Kind.DEPLOYMENT),
    _rule("autoscale-rule", autoscale_rules.autoscale_rule, Kind.DEPLOYMENT),
    _rule("autoscale-flapping", autoscale_rules.autoscale_flapping, Kind.DEPLOYMENT),
    _rule("scale-range", deployment_rules.scale_range, Kind.DEPLOYMENT),
    _rule("probe-success", deployment_rules.probe_success, Kind.DEPLOYMENT),
    _rule("kubernetes-field", deployment_rules.kubernetes_field, Kind.DEPLOYMENT),
    _rule("registry-kubernetes", deployment_rules.registry_kubernetes, Kind.DEPLOYMENT),
    _rule("mount-path", deployment_rules.mount_path, Kind.DEPLOYMENT),
    _rule("reference-format", deployment_rules.reference_form, Kind.DEPLOYMENT),
    _rule("collector-size", deployment_rules.collector_size, Kind.DEPLOYMENT),
    _rule("revision-name", deployment_rules.revision_name, Kind.DEPLOYMENT),
    _rule("worker-count", deployment_rules.worker_count, Kind.DEPLOYMENT),
    _rule("smoke-shape", deployment_rules.smoke_shape, Kind.DEPLOYMENT),
    _rule("environment-shape", asset_rules.environment_shape, Kind.DEPLOYMENT, Kind.ENVIRONMENT),
    _rule("model-path", asset_rules.model_path, Kind.DEPLOYMENT, Kind.MODEL),
    _rule("path-outside", outside_rules.path_outside, Kind.DEPLOYMENT, *ASSETS),
    _rule("code-missing", file_rules.code_missing, Kind.DEPLOYMENT),
    _rule("script-missing", file_rules.script_missing, Kind.DEPLOYMENT),
    _rule("script-syntax", file_rules.script_syntax, Kind.DEPLOYMENT),
    _rule("script-functions", file_rules.script_functions, Kind.DEPLOYMENT),
    _rule("conda-missing", file_rules.conda_missing, Kind.DEPLOYMENT, Kind.ENVIRONMENT),
    _rule("conda-syntax", file_rules.conda_syntax, Kind.DEPLOYMENT, Kind.ENVIRONMENT),
    _rule("conda-entry", conda_rules.conda_entry, Kind.DEPLOYMENT, Kind.ENVIRONMENT),
    _rule("inference-server", conda_rules.inference_server, Kind.DEPLOYMENT),
    _rule("mlflow-packages", conda_rules.mlflow_packages, Kind.DEPLOYMENT),
    _rule("model-missing", file_rules.model_missing, Kind.DEPLOYMENT, Kind.MODEL),
    _rule("build-missing", file_rules.build_missing, Kind.DEPLOYMENT, Kind.ENVIRONMENT),
    _rule("smoke-file", file_rules.smoke_file, Kind.DEPLOYMENT),
    _rule("literal-secret", secret_rules.literal_secret, Kind.DEPLOYMENT),
    _rule("literal-secret", content_rules.secret_in_file, Kind.DEPLOYMENT, Kind.ENVIRONMENT),
    _rule("random-key", secret_rules.random_key, Kind.DEPLOYMENT),
    _rule("policy-min-instances", policy_rules.min_instances, Kind.DEPLOYMENT),
    _rule("policy-max-instances", policy_rules.max_instances, Kind.DEPLOYMENT),
    _rule("policy-pinned-versions", policy_rules.pinned_versions, Kind.DEPLOYMENT),
    _rule("policy-pinned-versions", policy_rules.pinned_assets, *ASSETS),
    _rule("policy-vm-size", policy_rules.vm_sizes, Kind.DEPLOYMENT),
    _rule("policy-public-access", policy_rules.public_access, Kind.ENDPOINT),
)
BY_KIND = {kind: tuple(rule for rule in RULES if kind in rule.kinds) for kind in Kind}


def broken_rules(document: Document, world: World) -> Iterator[Diagnostic]:
    """The diagnostics of all rules for one document."""
    if document.kind is None:
        return
    for rule in BY_KIND[document.kind]:
        for fault in rule.check(document, world):
            yield document.diagnostic(rule.code, fault)
