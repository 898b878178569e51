"""The part of the blob storage REST API that the SDK uses to upload and download; files are kept on disk unchanged."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from deployer.local_workspace.blob.access import is_signed, opens
from deployer.local_workspace.blob.addresses import STAGED, inside
from deployer.local_workspace.store import Document, Store, is_full


@dataclass(slots=True)
class BlobRefused(Exception):
    """An error as blob storage answers it.

    https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
    """

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where blobs are kept: what is known of them in the store, their bytes below a folder."""

    store: Store
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One blob of a request."""

    storage: Storage
    request: Request
    container: str
    path: str
    file: Path

    @property
    def key(self) -> str:
        """Where the store keeps what is not in the file."""
        return f"{self.container}/{self.path}"

    @property
    def staged(self) -> Path:
        """The folder of the blocks that are not committed yet."""
        name = hashlib.sha256(self.key.encode()).hexdigest()
        return self.storage.folder / STAGED / name


async def answer(storage: Storage, request: Request) -> Response:
    """Answer a request for a container or a blob."""
    container, path = request.path_params["container"], request.path_params.get("path", "").strip("/")
    try:
        if not _may(storage, request, container):
            raise BlobRefused(403, "AuthenticationFailed", "Server failed to authenticate the request.")
        if not path:
            return _container(storage, request, container)
        file = inside(storage.folder, f"{container}/{path}")
        if file is None:
            raise BlobRefused(400, "InvalidUri", f"'{path}' is not the name of a blob here.")
        return await _blob(Blob(storage=storage, request=request, container=container, path=path, file=file))
    except BlobRefused as refused:
        return _refusal(request, refused)
    except (OSError, sqlite3.Error) as error:
        if not is_full(error):
            raise
        text = f"The disk that holds {storage.folder} is full; nothing was written."
        return _refusal(request, BlobRefused(507, "InsufficientStorage", text))


def _may(storage: Storage, request: Request, container: str) -> bool:
    if opens(storage.store, container, request.query_params):
        return True
    wire_path = request.scope["raw_path"].decode("latin-1")
    return is_signed(storage.store, request.method, wire_path, request.query_params, request.headers)


async def _blob(blob: Blob) -> Response:
    what = blob.request.query_params.get("comp", "")
    match blob.request.method, what:
        case "PUT", "":
            return await _put(blob)
        case "PUT", "metadata":
            return _put_metadata(blob)
        case "PUT", "block":
            return await _put_block(blob)
        case "PUT", "blocklist":
            return await _put_block_list(blob)
        case (("GET" | "HEAD"), ""):
            return _get(blob)
        case "DELETE", "":
            return _delete(blob)
        case method, _:
            raise BlobRefused(
                400, "UnsupportedHttpVerb", f"The local workspace does not serve {method} '{what}' of a blob."
            )


async def _put(blob: Blob) -> Response:
    if blob.request.headers.get("x-ms-blob-type", "BlockBlob") != "BlockBlob":
        raise BlobRefused(400, "InvalidBlobType", "The local workspace keeps block blobs only.")
    _check_new(blob)
    fresh = _fresh(blob)
    digest = await _receive(blob, fresh)
    return _commit(blob, fresh, digest)


async def _put_block(blob: Blob) -> Response:
    blob.staged.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(blob.request.query_params.get("blockid", "").encode()).hexdigest()
    fresh = blob.staged / f"{name}.{uuid.uuid4().hex}"
    digest = await _receive(blob, fresh)
    fresh.replace(blob.staged / name)
    return Response(status_code=201, headers={"Content-MD5": digest, "x-ms-request-server-encrypted": "true"})


async def _put_block_list(blob: Blob) -> Response:
    _check_new(blob)
    try:
        listed = [item.text or "" for item in ElementTree.fromstring(await blob.request.body())]  # noqa: S314
    except ElementTree.ParseError as error:
        raise BlobRefused(400, "InvalidXmlDocument", f"The block list is not XML: {error}.") from error
    blocks = [blob.staged / hashlib.sha256(name.encode()).hexdigest() for name in listed]
    if not all(block.is_file() for block in blocks):
        raise BlobRefused(400, "InvalidBlockList", "The specified block list is invalid.")
    fresh = _fresh(blob)
    with fresh.open("wb") as file:
        for block in blocks:
            with block.open("rb") as part:
                shutil.copyfileobj(part, file, 1 << 20)
    response = _commit(blob, fresh, blob.request.headers.get("x-ms-blob-content-md5", ""))
    shutil.rmtree(blob.staged, ignore_errors=True)
    return response


async def _receive(blob: Blob, fresh: Path) -> str:
    """Write the body to a file and return its MD5; refuse a body that was damaged in transit."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with fresh.open("wb") as file:
            async for chunk in blob.request.stream():
                digest.update(chunk)
                file.write(chunk)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    found = base64.b64encode(digest.digest()).decode()
    if blob.request.headers.get("content-md5", found) != found:
        fresh.unlink()
        raise BlobRefused(
            400, "Md5Mismatch", "The MD5 value specified in the request did not match the one calculated."
        )
    return found


def _fresh(blob: Blob) -> Path:
    """A file beside the blob's own, in a folder that is there."""
    try:
        blob.file.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BlobRefused(409, "BlobAlreadyExists", "A part of this name is a blob already.") from error
    if blob.file.is_dir():
        raise BlobRefused(409, "BlobAlreadyExists", "This name is a folder of other blobs already.")
    return blob.file.with_name(f".{uuid.uuid4().hex}.new")


def _commit(blob: Blob, fresh: Path, digest: str) -> Response:
    fresh.replace(blob.file)
    kept: Document = {
        "name": blob.path,
        "size": blob.file.stat().st_size,
        "etag": f'"0x{uuid.uuid4().hex[:15].upper()}"',
        "modified": formatdate(usegmt=True),
        "md5": blob.request.headers.get("x-ms-blob-content-md5", digest),
        "type": blob.request.headers.get("x-ms-blob-content-type") or "application/octet-stream",
        "metadata": _metadata(blob.request.headers),
    }
    blob.storage.store.put("blob", blob.key, kept)
    headers = {"ETag": kept["etag"], "Last-Modified": kept["modified"], "x-ms-request-server-encrypted": "true"}
    return Response(status_code=201, headers=headers | ({"Content-MD5": digest} if digest else {}))


def _put_metadata(blob: Blob) -> Response:
    kept = _kept(blob) | {"metadata": _metadata(blob.request.headers), "modified": formatdate(usegmt=True)}
    blob.storage.store.put("blob", blob.key, kept)
    return Response(headers={"ETag": kept["etag"], "Last-Modified": kept["modified"]})


def _get(blob: Blob) -> Response:
    kept = _kept(blob)
    headers = {
        "ETag": kept["etag"],
        "Last-Modified": kept["modified"],
        "x-ms-blob-type": "BlockBlob",
        "x-ms-lease-status": "unlocked",
        "x-ms-server-encrypted": "true",
        "x-ms-blob-content-md5": kept["md5"],
        "Accept-Ranges": "bytes",
    }
    headers |= {f"x-ms-meta-{name}": value for name, value in kept["metadata"].items()}
    if blob.request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(kept["size"]), "Content-Type": kept["type"]})
    asked = blob.request.headers.get("x-ms-range") or blob.request.headers.get("range")
    if asked and kept["size"]:
        return _part(blob, kept, headers, asked)
    return FileResponse(blob.file, headers=headers, media_type=kept["type"])


def _part(blob: Blob, kept: Document, headers: Mapping[str, str], asked: str) -> Response:
    """The bytes `bytes=A-B` asks for."""
    first, _, last = asked.removeprefix("bytes=").partition("-")
    size = kept["size"]
    if not first.isdecimal() or int(first) >= size:
        raise BlobRefused(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    begin, end = int(first), min(int(last) if last.isdecimal() else size - 1, size - 1)
    with blob.file.open("rb") as file:
        file.seek(begin)
        content = file.read(end - begin + 1)
    place = {"Content-Range": f"bytes {begin}-{end}/{size}"}
    return Response(content, status_code=206, headers=dict(headers) | place, media_type=kept["type"])


def _delete(blob: Blob) -> Response:
    _kept(blob)
    blob.storage.store.delete("blob", blob.key)
    blob.file.unlink(missing_ok=True)
    return Response(status_code=202)


def _container(storage: Storage, request: Request, container: str) -> Response:
    """A container's properties, or the list of its blobs."""
    if request.query_params.get("comp") != "list":
        return Response(headers={"ETag": '"0x0"', "Last-Modified": formatdate(usegmt=True)})
    prefix = request.query_params.get("prefix", "")
    root = ElementTree.Element("EnumerationResults", ContainerName=container)
    ElementTree.SubElement(root, "Prefix").text = prefix
    blobs = ElementTree.SubElement(root, "Blobs")
    for kept in sorted(storage.store.list("blob", f"{container}/{prefix}"), key=lambda item: str(item["name"])):
        _listed(ElementTree.SubElement(blobs, "Blob"), kept)
    ElementTree.SubElement(root, "NextMarker")
    return Response(
        b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(root), media_type="application/xml"
    )


def _listed(entry: ElementTree.Element, kept: Document) -> None:
    ElementTree.SubElement(entry, "Name").text = kept["name"]
    properties = ElementTree.SubElement(entry, "Properties")
    shown = {"Last-Modified": "modified", "Etag": "etag", "Content-Length": "size", "Content-MD5": "md5"}
    for name, member in (shown | {"Content-Type": "type"}).items():
        ElementTree.SubElement(properties, name).text = str(kept[member])
    ElementTree.SubElement(properties, "BlobType").text = "BlockBlob"


def _kept(blob: Blob) -> Document:
    kept = blob.storage.store.get("blob", blob.key)
    if kept is None or not blob.file.is_file():
        raise BlobRefused(404, "BlobNotFound", "The specified blob does not exist.")
    return kept


def _check_new(blob: Blob) -> None:
    if blob.request.headers.get("if-none-match") == "*" and blob.storage.store.get("blob", blob.key):
        raise BlobRefused(409, "BlobAlreadyExists", "The specified blob already exists.")


def _metadata(headers: Mapping[str, str]) -> dict[str, str]:
    start = "x-ms-meta-"
    return {name[len(start) :]: value for name, value in headers.items() if name.startswith(start)}


def _refusal(request: Request, refused: BlobRefused) -> Response:
    headers = {"x-ms-error-code": refused.code}
    if request.method == "HEAD":
        return Response(status_code=refused.status, headers=headers)
    root = ElementTree.Element("Error")
    ElementTree.SubElement(root, "Code").text = refused.code
    ElementTree.SubElement(root, "Message").text = refused.message
    content = b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(root)
    return Response(content, status_code=refused.status, headers=headers, media_type="application/xml")
