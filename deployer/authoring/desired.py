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
from deployer.authoring.extension_keys import intent_of
from deployer.authoring.project_index import REMOTE, declared_by, project_path, resolved
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import parse
from deployer.core.diagnostics import Diagnostic, Location
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
    digest_of,
    endpoint_ref,
    state_of,
    traffic_ref,
)

if TYPE_CHECKING:
    from deployer.authoring.env_file import EnvFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The desired state of one env; `secrets` are values that no output may show."""

    env: EnvFile
    state: State
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
    declared = [item for document in documents for item in _resources(document, checkout)]
    places = {item.resource.ref: Places(item.document, item.root) for item in declared}
    return Desired(
        env=env,
        state=state_of([item.resource for item in declared]),
        intent=intent_of(documents, project),
        origins=Origins(places=places),
        warnings=tuple(warnings),
        secrets=secrets,
    )


def _resources(document: Document, checkout: Checkout) -> Iterator[Declared]:
    match document.kind:
        case Kind.ENDPOINT:
            yield from _endpoint(document)
        case Kind.DEPLOYMENT:
            yield from _deployment(document, checkout)
        case Kind.MODEL:
            name, version = document.text("name"), document.text("version")
            yield Declared(resource=_model(document, (), checkout, name, version), document=document)
        case Kind.ENVIRONMENT:
            name, version = document.text("name"), document.text("version")
            yield Declared(resource=_environment(document, (), checkout, name, version), document=document)
        case Kind.TRAFFIC | None:
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


def _lifted(document: Document, kind: Kind, checkout: Checkout) -> Declared:
    """An inline model or environment as a separate resource, named by its content unless it has name and version."""
    root = (kind.value,)
    name, version = document.text(*root, "name"), document.text(*root, "version")
    make = _model if kind is Kind.MODEL else _environment
    resource = (
        make(document, root, checkout, name, version) if name and version else make(document, root, checkout, "", "")
    )
    return Declared(resource=resource, document=document, root=root)


def _model(document: Document, root: FieldPath, checkout: Checkout, name: str, version: str) -> Resource:
    data, sources = dict(document.map(*root)), dict[KeyPath, str]()
    path = str(data.get("path", ""))
    if path and not REMOTE.match(path):
        folder = resolved(document, path)
        sources[("path",)] = project_path(folder, checkout.folder)
        data["path"] = checkout.hash_of("model", folder)
    fields = canonical(Kind.MODEL, data)
    named = (name, version) if name else (_anonymous_model(str(data["path"])), "1")
    return Resource(ref=asset_ref(Kind.MODEL, *named), fields=fields, sources=sources)


def _anonymous_model(path: str) -> str:
    """The name of an unnamed model: the hash of its content, or of its URI."""
    prefix, _, content = path.partition(":")
    return content if prefix == "sha256" else hashlib.sha256(path.encode()).hexdigest()


def _environment(document: Document, root: FieldPath, checkout: Checkout, name: str, version: str) -> Resource:
    data, sources = dict(document.map(*root)), dict[KeyPath, str]()
    conda, build = data.get("conda_file"), data.get("build")
    if isinstance(conda, str):
        file = resolved(document, conda)
        sources[("conda_file",)] = project_path(file, checkout.folder)
        data["conda_file"] = parse(read_text(file, sources[("conda_file",)]), sources[("conda_file",)]).data
    if isinstance(build, dict) and not REMOTE.match(str(build["path"])):
        folder = resolved(document, str(build["path"]))
        sources["build", "path"] = project_path(folder, checkout.folder)
        data["build"] = {**build, "path": checkout.hash_of("model", folder)}
    fields = canonical(Kind.ENVIRONMENT, data)
    named = (name, version) if name else (ANONYMOUS_ENVIRONMENT, _long_digest(fields))
    return Resource(ref=asset_ref(Kind.ENVIRONMENT, *named), fields=fields, sources=sources)


def _long_digest(fields: Mapping[str, Value]) -> str:
    """32 hex digits over canonical fields: two digests joined."""
    first = digest_of(dict(fields))
    return first + digest_of([first, dict(fields)])
