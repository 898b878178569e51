"""Ref, Resource, State: the same vocabulary for desired and live state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.references import AssetReference, AssetType, is_reference, parse_reference
from deployer.core.sealed import Sealed
from deployer.core.secret_paths import SecretPaths

Value = str | int | float | bool | None | Sealed | Sequence["Value"] | Mapping[str, "Value"]
"""Plain data, as in YAML and JSON; texts with secrets in them are sealed."""

KeyPath = tuple[str, ...]
"""The keys on the way to a field. A key may contain dots; dotted paths are only for printing."""

NOTHING: Mapping[str, Value] = MappingProxyType({})


class Kind(StrEnum):
    """The kind of a resource. Traffic changes at other times than its endpoint, so it is a separate resource."""

    ENDPOINT = "endpoint"
    DEPLOYMENT = "deployment"
    TRAFFIC = "traffic"
    MODEL = "model"
    ENVIRONMENT = "environment"
    AUTOSCALE = "autoscale"


ANONYMOUS_ENVIRONMENT = "CliV2AnonymousEnvironment"
"""The name that the CLI and the SDK give to inline environments."""

RESERVED = "deployer-"
"""Prefix of the deployer's own tags."""

FAILED_STATES = frozenset({"Failed", "Canceled"})
BUSY_STATES = frozenset({"Creating", "Updating", "Deleting", "Scaling"})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ref:
    """Names a resource.

    | kind        | endpoint      | name             |
    |-------------|---------------|------------------|
    | model       | ""            | "<name>:<version>" |
    | environment | ""            | "<name>:<version>" |
    | endpoint    | its name      | ""               |
    | deployment  | its endpoint  | its name         |
    | traffic     | its endpoint  | ""               |
    | autoscale   | its endpoint  | the name of the deployment that it scales |

    Endpoint and deployment names are lower case (Azure ignores their case); asset names keep theirs.
    """

    kind: Kind
    endpoint: str = ""
    name: str = ""

    def __str__(self) -> str:
        match self.kind:
            case Kind.MODEL | Kind.ENVIRONMENT:
                return f"{self.kind} {self.name}"
            case Kind.DEPLOYMENT:
                return f"deployment {self.endpoint}/{self.name}"
            case Kind.AUTOSCALE:
                return f"autoscale setting {self.endpoint}/{self.name}"
            case Kind.ENDPOINT | Kind.TRAFFIC:
                return f"{self.kind} {self.endpoint}"
        assert_never(self.kind)


def is_anonymous(ref: Ref) -> bool:
    """Whether an asset is inline and unnamed: its name is then derived from its content, as in the CLI."""
    name, _, version = ref.name.rpartition(":")
    match ref.kind:
        case Kind.MODEL:
            return version == "1" and len(name) == 64 and not name.strip("0123456789abcdef")
        case Kind.ENVIRONMENT:
            return name == ANONYMOUS_ENVIRONMENT
        case Kind.ENDPOINT | Kind.DEPLOYMENT | Kind.TRAFFIC | Kind.AUTOSCALE:
            return False
    assert_never(ref.kind)


def reference_at(deployment: Resource, path: KeyPath, type_: AssetType) -> AssetReference | None:
    """The asset reference in a field of a deployment; None if it has none, or a local folder."""
    value = value_at(deployment.fields, path)
    return parse_reference(type_, value, None) if isinstance(value, str) and is_reference(value) else None


def referenced(deployment: Resource, kind: Kind) -> Ref | None:
    """The model or environment version in this workspace that a deployment uses; None for labels and registries."""
    found = reference_at(deployment, (kind.value,), AssetType(kind.value))
    return version_named(found) if found else None


def version_named(reference: AssetReference) -> Ref | None:
    """The model or environment version of this workspace that a reference names; None for anything else."""
    if not reference.version:
        return None
    match reference.type:
        case AssetType.MODEL | AssetType.ENVIRONMENT:
            return asset_ref(Kind(reference.type.value), reference.name, reference.version)
        case AssetType.CODE | AssetType.DATA:
            return None
    assert_never(reference.type)


def asset_ref(kind: Kind, name: str, version: str) -> Ref:
    """The ref of one version of a model or an environment."""
    return Ref(kind=kind, name=f"{name}:{version}")


def endpoint_ref(endpoint: str) -> Ref:
    """The ref of an endpoint, whatever the letter case it was written in."""
    return Ref(kind=Kind.ENDPOINT, endpoint=endpoint.lower())


def deployment_ref(endpoint: str, name: str) -> Ref:
    """The ref of a deployment, whatever the letter case it was written in."""
    return Ref(kind=Kind.DEPLOYMENT, endpoint=endpoint.lower(), name=name.lower())


def autoscale_ref(endpoint: str, name: str) -> Ref:
    """The ref of the autoscale setting of a deployment, whatever the letter case it was written in."""
    return Ref(kind=Kind.AUTOSCALE, endpoint=endpoint.lower(), name=name.lower())


def traffic_ref(endpoint: str) -> Ref:
    """The ref of an endpoint's traffic."""
    return Ref(kind=Kind.TRAFFIC, endpoint=endpoint.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Facts about a live resource that its fields do not contain.

    `provisioning_state` is Azure's (Succeeded, Failed, Creating, Updating, Deleting, Scaling, Canceled); `owner` the
    project in its tag ("" if untagged); `arm_name` the name of an autoscale setting; `unknown` the paths whose live
    value cannot be read (such as the content of a model without a hash); `code` the code asset of a deployment; `job`
    the one that made a model; `created` when it was made, as Azure writes it, and `created_by` by whom; `bookkeeping`
    the content of our tags.
    """

    provisioning_state: str = "Succeeded"
    owner: str = ""
    arm_name: str = ""
    scoring_uri: str = ""
    unknown: tuple[KeyPath, ...] = ()
    code: AssetReference | None = None
    job: str = ""
    created: str = ""
    created_by: str = ""
    bookkeeping: Bookkeeping = field(default_factory=Bookkeeping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource in the vocabulary of the YAML: `fields` holds canonical values, defaults filled in.

    Content is compared by hash: `code_configuration.code` of a deployment and `path` of a model hold
    "sha256:<hex>", and `sources` maps the same path to the local folder or file with that content.
    Equality covers only `ref` and `fields`, so that desired and live can be compared. `observed` is None if desired.
    """

    ref: Ref
    fields: Mapping[str, Value]
    sources: Mapping[KeyPath, str] = field(default_factory=dict, compare=False)
    observed: Observed | None = field(default=None, compare=False)

    @property
    def seen(self) -> Observed:
        """The observed facts; for a desired resource, those of a new one."""
        return self.observed or Observed()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Resources by ref: the same type for desired and live.

    In a live state only: `references` maps labels to the versions they stood for, `next_versions` to what Azure would
    call a new one, `contents` maps code assets to their content: "sha256:<hex>", or the reference itself if unknown.
    `unread` is why this account may not read the autoscale settings, which were wanted.
    """

    resources: Mapping[Ref, Resource] = field(default_factory=dict)
    references: Mapping[AssetReference, AssetReference] = field(default_factory=dict, compare=False)
    next_versions: Mapping[AssetReference, str] = field(default_factory=dict, compare=False)
    contents: Mapping[AssetReference, str] = field(default_factory=dict, compare=False)
    unread: str = field(default="", compare=False)

    def get(self, ref: Ref) -> Resource | None:
        """The resource, or None."""
        return self.resources.get(ref)

    def of_kind(self, kind: Kind) -> tuple[Resource, ...]:
        """Every resource of a kind, by ref."""
        return tuple(self.resources[ref] for ref in sorted(self.resources) if ref.kind is kind)

    def deployments(self, endpoint: str) -> tuple[Resource, ...]:
        """The deployments of one endpoint, by name."""
        return tuple(item for item in self.of_kind(Kind.DEPLOYMENT) if item.ref.endpoint == endpoint)

    def endpoints(self) -> tuple[str, ...]:
        """The names of all endpoints, sorted."""
        return tuple(item.ref.endpoint for item in self.of_kind(Kind.ENDPOINT))

    def split(self, endpoint: str) -> Mapping[str, int]:
        """The live traffic shares of an endpoint in percent; empty where none are known."""
        return share_map(self.get(traffic_ref(endpoint)), "traffic")


def state_of(resources: Sequence[Resource]) -> State:
    """A state with these resources."""
    return State(resources={resource.ref: resource for resource in resources})


def share_map(traffic: Resource | None, key: str) -> Mapping[str, int]:
    """The `traffic` or `mirror_traffic` of a traffic resource as whole percents."""
    value = traffic.fields.get(key) if traffic else None
    if not isinstance(value, Mapping):
        return {}
    return {name: share for name, share in value.items() if isinstance(share, int)}


def noted_secrets(live: Resource | None) -> SecretPaths:
    """The fields of a live resource that were secret when written, as its tags say."""
    return live.seen.bookkeeping.secret if live else SecretPaths()


def is_failed(resource: Resource) -> bool:
    """Whether its last operation failed; never for what has no state of its own: traffic and autoscale settings."""
    match resource.ref.kind:
        case Kind.TRAFFIC | Kind.AUTOSCALE:
            return False
        case Kind.ENDPOINT | Kind.DEPLOYMENT | Kind.MODEL | Kind.ENVIRONMENT:
            return resource.seen.provisioning_state in FAILED_STATES
    assert_never(resource.ref.kind)


def dotted(path: KeyPath) -> str:
    """A path in dotted form, for printing."""
    return ".".join(path)


def value_at(fields: Value, path: KeyPath) -> Value:
    """The value at a path; None where there is none."""
    for key in path:
        fields = fields.get(key) if isinstance(fields, Mapping) else None
    return fields


def with_value(fields: Mapping[str, Value], path: KeyPath, value: Value) -> Mapping[str, Value]:
    """A copy with the value at a path replaced; missing maps on the way are created."""
    key, *rest = path
    if not rest:
        return {**fields, key: value}
    inner = fields.get(key)
    return {**fields, key: with_value(inner if isinstance(inner, Mapping) else {}, tuple(rest), value)}


def without(fields: Mapping[str, Value], path: KeyPath) -> Mapping[str, Value]:
    """A copy without the value at a path."""
    key, *rest = path
    if key not in fields:
        return fields
    inner = fields[key]
    if rest and isinstance(inner, Mapping):
        return {**fields, key: without(inner, tuple(rest))}
    return {name: value for name, value in fields.items() if name != key} if not rest else fields
