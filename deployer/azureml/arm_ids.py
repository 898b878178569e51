"""Conversion of ARM ids to the short references of the YAML."""

from __future__ import annotations

import re
from typing import Any

from deployer.core.resources import Ref

_ASSET = re.compile(r"(?:models|environments|codes|data)/([^/]+)/(versions|labels)/([^/]+)", re.IGNORECASE)
_CONTENT = re.compile(r"/LocalUpload/([0-9a-fA-F]{16,})(?:/|$)")


def short(reference: Any, home: str) -> str | None:
    """A reference in YAML form: `azureml:<name>:<version>` for assets in the workspace with the ARM id `home`.

    Ids in other workspaces and registry references stay as they are.
    """
    if not reference:
        return None
    plain = str(reference).removeprefix("azureml:") if str(reference).startswith("azureml:/s") else str(reference)
    if not plain.lower().startswith(home.lower() + "/"):
        return plain if plain.startswith(("azureml:", "/")) else f"azureml:{plain}"
    rest = plain[len(home) + 1 :]
    asset = _ASSET.fullmatch(rest)
    if asset is None:
        return f"azureml:{rest.rpartition('/')[2]}"
    name, kind, version = asset.groups()
    return f"azureml:{name}:{version}" if kind.lower() == "versions" else f"azureml:{name}@{version}"


def content_hash(uri: Any) -> str | None:
    """`sha256:<hex>` from a URI of uploaded content, `.../LocalUpload/<hash>/...`; None for other URIs."""
    found = _CONTENT.search(str(uri or ""))
    return f"sha256:{found.group(1).lower()}" if found else None


def name_and_version(ref: Ref) -> tuple[str, str]:
    """The name and the version of a model or an environment."""
    name, _, version = ref.name.rpartition(":")
    return name, version
