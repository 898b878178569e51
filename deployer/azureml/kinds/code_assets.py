"""Code assets: uploaded code of deployments, identified by content."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from deployer.azureml.access import Reader, Writer
from deployer.azureml.kinds.rows import wire_value
from deployer.azureml.kinds.uploads import require_there, require_unchanged
from deployer.core.errors import WorkspaceError
from deployer.core.references import AssetReference, AssetType, is_reference, parse_reference
from deployer.core.resources import Resource, value_at

API = "2023-04-01"
FIELD = ("code_configuration", "code")


def content_of(reader: Reader, asset: AssetReference) -> str:
    """The canonical value of a code asset: its content hash if a client stored one, else its reference.

    "" if it does not exist.
    """
    if asset not in reader.known_code:
        raw = reader.arm.get(f"/codes/{asset.name}/versions/{asset.version}", API) if asset.version else None
        noted = wire_value(raw, "properties", "properties", "hash_sha256")
        there = raw is not None or not asset.version
        reader.known_code[asset] = f"sha256:{noted}" if noted else str(asset) if there else ""
    return reader.known_code[asset]


def name_of(code_id: str) -> AssetReference:
    """The reference to a code asset from its ARM id."""
    name, version = code_id.split("/")[-3::2]
    return AssetReference(type=AssetType.CODE, name=name, version=version)


def id_for(writer: Writer, after: Resource) -> str | None:
    """The ARM id of a deployment's code: of its code asset, or of one with the content of its folder."""
    value = value_at(after.fields, FIELD)
    if not isinstance(value, str):
        return None
    folder = after.sources.get(FIELD)
    asset = folder or value
    if is_reference(asset):
        named = parse_reference(AssetType.CODE, asset, writer.reader.where)
        return named.elsewhere or f"{writer.reader.where.arm_id}/codes/{named.name}/versions/{named.version}"
    if folder is None:
        raise WorkspaceError(
            f"Could not write {after.ref}: the folder of its code is not known.", hint="Run `deployer plan` again."
        )
    return _uploaded(writer, writer.root / folder, value, f"upload the code of {after.ref}")


def _uploaded(writer: Writer, folder: Path, content: str, what: str) -> str:
    """The ARM id of a code asset with this content; uploads the folder if the workspace has none."""
    require_there(folder, what)
    with writer.sdk.uploading("code"):
        made = _entity(folder.resolve())
        require_unchanged(content == f"sha256:{made._hash_sha256}", folder, what)
        if content not in writer.uploaded:
            found = writer.sdk.call(what, lambda client: client._code.create_or_update(made))
            writer.uploaded[content] = str(found.id)
    writer.reader.known_code[name_of(writer.uploaded[content])] = content
    return writer.uploaded[content]


def _entity(folder: Path) -> Any:
    """The entity of a new code asset with the content of a folder."""
    from azure.ai.ml.entities._assets import Code

    return Code(name=str(uuid.uuid4()), version="1", path=str(folder), is_anonymous=True)
