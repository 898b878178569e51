"""Documents -> desired state: resources in canonical form, intent, and their places in the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from deployer.authoring.canonical import canonical
from deployer.authoring.content_hash import code_hash, model_hash
from deployer.authoring.documents.document import Document, FieldPath
from deployer.authoring.extension_keys import intent_of, is_autoscaled
from deployer.authoring.project_index import REMOTE, declared_by, project_path, resolved
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import parse
from deployer.core.diagnostics import Diagnostic, Location
from deployer.core.drafts import Draft
from deployer.core.fingerprint import digest_of
from deployer.core.intent import Intent, Origins
from deployer.core.references import AssetType, is_reference, parse_reference
from deployer.core.resources import (
    ANONYMOUS_ENVIRONMENT,
    KeyPath,
    Kind,
    Resource,
    State,
    Value,
    asset_ref,
    endpoint_ref,
    state_of,
    traffic_ref,
)
from deployer.kinds import ASSETS
from deployer.kinds.autoscale import AUTOSCALE

if TYPE_CHECKING:
    from deployer.authoring.env_file import EnvFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The desired state of one env; `drafts` are its assets without a version, `secrets` what no output may show."""

    env: EnvFile
    state: State
    drafts: tuple[Draft, ...] = ()
    intent: Intent
    origins: Origins
    warnings: tuple[Diagnostic, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


class Places(Mapping[KeyPath, Location]):
    """The places of the fields of one resource, computed on access; () is the resource itself."""

    def __init__(self, document: Document, root: FieldPath = ()) -> None:
        self.document = document
        inside = [path for path in document.parsed.values if path[: len(root)] == root]
        self.paths = {tuple(str(key) for key in path[len(root) :]): path for path in inside}

    def __getitem__(self, path: KeyPath) -> Location:
        return self.document.place(self.paths[path])

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A resource, its document, and the field that it is inline in (() for the document itself)."""

    resource: Resource
    document: Document
    root: FieldPath = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What documents need to become resources: the project folder, its env, and the hashes computed so far."""

    folder: Path
    env: EnvFile
    hashes: dict[tuple[str, str], str] = field(default_factory=dict)

    def hash_of(self, kind: str, path: Path) -> str:
        """The content hash of a folder or file as "sha256:<hex>", computed once."""
        key = (kind, str(path))
        if key not in self.hashes:
            self.hashes[key] = f"sha256:{code_hash(path) if kind == 'code' else model_hash(path)}"
        return self.hashes[key]


def desired_of(
    documents: Sequence[Document], env: EnvFile, project: Path, secrets: frozenset[str], warnings: Sequence[Diagnostic]
) -> Desired:
    """The desired state of valid documents."""
    checkout = Checkout(folder=project, env=env)
    declared = [item for document in documents if not is_draft(document) for item in _resources(document, checkout)]
    places = {item.resource.ref: Places(item.document, item.root) for item in declared}
    return Desired(
        env=env,
        state=state_of([item.resource for item in declared]),
        drafts=tuple(_draft(document, checkout) for document in documents if is_draft(document)),
        intent=intent_of(documents, project, env.policy),
        origins=Origins(places=places),
        warnings=tuple(warnings),
        secrets=secrets,
    )


def is_draft(document: Document) -> bool:
    """Whether a document declares an asset without a version."""
    return document.kind in ASSETS and not document.get("version")


def _draft(document: Document, checkout: Checkout) -> Draft:
    assert document.kind is not None
    content = _content(document, document.kind, (), checkout)
    return Draft(
        kind=document.kind,
        name=document.text("name"),
        fields=content.fields,
        sources=content.sources,
        places=Places(document),
    )


def _resources(document: Document, checkout: Checkout) -> Iterator[Declared]:
    match document.kind:
        case Kind.ENDPOINT:
            yield from _endpoint(document)
        case Kind.DEPLOYMENT:
            yield from _deployment(document, checkout)
        case Kind.MODEL | Kind.ENVIRONMENT:
            content = _content(document, document.kind, (), checkout)
            yield Declared(resource=content.named(document.text("name"), document.text("version")), document=document)
        case Kind.TRAFFIC | Kind.AUTOSCALE | None:
            raise ValueError(f"{document.file} declares no resource of its own")
        case _:
            assert_never(document.kind)


def _endpoint(document: Document) -> Iterator[Declared]:
    name = document.text("name")
    yield Declared(
        resource=Resource(ref=endpoint_ref(name), fields=canonical(Kind.ENDPOINT, document.data)), document=document
    )
    shares: dict[str, Value] = {
        key: _shares(document.map(key)) for key in ("traffic", "mirror_traffic") if key in document.data
    }
    if shares:
        yield Declared(resource=Resource(ref=traffic_ref(name), fields=shares), document=document)


def _shares(traffic: Mapping[str, Any]) -> dict[str, Value]:
    return {name.lower(): int(share) for name, share in traffic.items() if share}


def _deployment(document: Document, checkout: Checkout) -> Iterator[Declared]:
    data, sources = dict(document.data), dict[KeyPath, str]()
    for kind in (Kind.MODEL, Kind.ENVIRONMENT):
        value = data.get(kind.value)
        if isinstance(value, dict):
            lifted = _lifted(document, kind, checkout)
            data[kind.value] = str(parse_reference(AssetType(kind.value), lifted.resource.ref.name, None))
            yield lifted
        elif isinstance(value, str):
            data[kind.value] = str(parse_reference(AssetType(kind.value), value, checkout.env.home))
    if is_autoscaled(document):
        scaled = canonical(Kind.AUTOSCALE, document.map("x-autoscale"))
        setting = Resource(ref=AUTOSCALE.ref(document.data), fields=scaled)
        yield Declared(resource=setting, document=document, root=("x-autoscale",))
        data["instance_count"] = scaled["default"]
    fields = canonical(Kind.DEPLOYMENT, data)
    code = document.text("code_configuration", "code")
    if code:
        fields["code_configuration"] = {
            **document.map("code_configuration"),
            "code": _code(document, code, checkout, sources),
        }
    yield Declared(resource=Resource(ref=declared_by(document), fields=fields, sources=sources), document=document)


def _code(document: Document, code: str, checkout: Checkout, sources: dict[KeyPath, str]) -> str:
    """The content hash of a code folder, or the reference to a code asset."""
    if is_reference(code):
        return str(parse_reference(AssetType.CODE, code, checkout.env.home))
    folder = resolved(document, code)
    sources["code_configuration", "code"] = project_path(folder, checkout.folder)
    return checkout.hash_of("code", folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a model or an environment, under whichever name."""

    kind: Kind
    fields: Mapping[str, Value]
    sources: Mapping[KeyPath, str]

    def named(self, name: str, version: str) -> Resource:
        """It as this version of a name."""
        return Resource(ref=asset_ref(self.kind, name, version), fields=self.fields, sources=self.sources)


def _content(document: Document, kind: Kind, root: FieldPath, checkout: Checkout) -> Content:
    """The asset that a document, or the map at `root` in it, describes."""
    data, sources = dict(document.map(*root)), dict[KeyPath, str]()
    if kind is Kind.MODEL:
        _read_model(data, document, checkout, sources)
    else:
        _read_environment(data, document, checkout, sources)
    return Content(kind=kind, fields=canonical(kind, data), sources=sources)


def _lifted(document: Document, kind: Kind, checkout: Checkout) -> Declared:
    """An inline model or environment as a separate resource, named by its content unless it has name and version."""
    root = (kind.value,)
    name, version = document.text(*root, "name"), document.text(*root, "version")
    content = _content(document, kind, root, checkout)
    named = (name, version) if name and version else _anonymous(content)
    return Declared(resource=content.named(*named), document=document, root=root)


def _anonymous(content: Content) -> tuple[str, str]:
    """The name and the version of an asset without a name: those that the CLI and the SDK give it."""
    if content.kind is Kind.MODEL:
        return _anonymous_model(str(content.fields["path"])), "1"
    return ANONYMOUS_ENVIRONMENT, _long_digest(content.fields)


def _read_model(data: dict[str, Any], document: Document, checkout: Checkout, sources: dict[KeyPath, str]) -> None:
    path = str(data.get("path", ""))
    if path and not REMOTE.match(path):
        folder = resolved(document, path)
        sources[("path",)] = project_path(folder, checkout.folder)
        data["path"] = checkout.hash_of("model", folder)


def _anonymous_model(path: str) -> str:
    """The name of an unnamed model: the hash of its content, or of its URI."""
    prefix, _, content = path.partition(":")
    return content if prefix == "sha256" else hashlib.sha256(path.encode()).hexdigest()


def _read_environment(
    data: dict[str, Any], document: Document, checkout: Checkout, sources: dict[KeyPath, str]
) -> None:
    conda, build = data.get("conda_file"), data.get("build")
    if isinstance(conda, str):
        file = resolved(document, conda)
        sources[("conda_file",)] = project_path(file, checkout.folder)
        data["conda_file"] = parse(read_text(file, sources[("conda_file",)]), sources[("conda_file",)]).data
    if isinstance(build, dict) and not REMOTE.match(str(build["path"])):
        folder = resolved(document, str(build["path"]))
        sources["build", "path"] = project_path(folder, checkout.folder)
        data["build"] = {**build, "path": checkout.hash_of("model", folder)}


def _long_digest(fields: Mapping[str, Value]) -> str:
    """32 hex digits over canonical fields: two digests joined."""
    first = digest_of(dict(fields))
    return first + digest_of([first, dict(fields)])
