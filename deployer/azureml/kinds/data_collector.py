"""The data collector of a deployment. The SDK registers its data assets, under generated names if undeclared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.azureml.access import Raw
from deployer.azureml.arm_ids import asset_at
from deployer.azureml.bookkeeping import Notes
from deployer.azureml.kinds.rows import plain, wire_value
from deployer.core.coordinates import Coordinates
from deployer.core.references import AssetReference, AssetType, parse_reference
from deployer.core.resources import Value


def normalise(wire: Any, where: Coordinates, owner: str, notes: Notes) -> dict[str, Any] | None:
    """A data collector from its JSON; Azure has one sampling rate per collection, the YAML one for all."""
    if not wire:
        return None
    collections = wire.get("collections") or {}
    rates = [item.get("samplingRate") for item in collections.values() if item.get("samplingRate") is not None]
    rolling, logging = wire.get("rollingRate"), wire.get("requestLogging")
    declared = notes.sent.get("data")
    known = declared if isinstance(declared, Mapping) else {}
    return {
        "collections": {
            name: _collection(item, where, f"{owner}-{name}", known.get(name)) for name, item in collections.items()
        },
        "rolling_rate": str(rolling).lower() if rolling else None,
        "sampling_rate": float(rates[0]) if rates else None,
        "request_logging": None if logging is None else {"capture_headers": logging.get("captureHeaders")},
    }


def _collection(wire: Raw, where: Coordinates, default_name: str, declared: Any) -> dict[str, Any]:
    """One collection. Its data asset has a generated name if none was declared; its path is write-only."""
    enabled = str(wire.get("dataCollectionMode") or "").lower() == "enabled"
    asset = asset_at(AssetType.DATA, wire.get("dataId"), where)
    return {
        "enabled": "true" if enabled else "false",
        "data": declared if asset == _data_asset(declared, default_name) else _undeclared(asset),
        "client_id": wire.get("clientId"),
    }


def _data_asset(declared: Any, default_name: str) -> AssetReference:
    """The data asset that the SDK registers for a collection."""
    if isinstance(declared, str):
        return parse_reference(AssetType.DATA, declared, None)
    given = declared or {}
    name, version = given.get("name") or default_name, given.get("version") or "1"
    return AssetReference(type=AssetType.DATA, name=name, version=version)


def _undeclared(asset: AssetReference | None) -> dict[str, Any] | None:
    if asset is None:
        return None
    return {
        "name": asset.name or None,
        "version": asset.version or None,
        "path": None,
        "data_id": asset.elsewhere or None,
    }


def declared_data(fields: Mapping[str, Value]) -> dict[str, Value]:
    """The declared data assets of a data collector, by collection."""
    collections = wire_value(fields, "data_collector", "collections") or {}
    return {name: plain(data) for name, part in collections.items() if (data := part.get("data"))}


def entity(fields: Mapping[str, Any] | None) -> Any:
    """The SDK's data collector; None if there is none."""
    from azure.ai.ml.entities import DataCollector, DeploymentCollection
    from azure.ai.ml.entities._deployment.request_logging import RequestLogging

    if not fields:
        return None
    collections = {
        name: DeploymentCollection(
            enabled=part["enabled"], data=_data_entity(part.get("data")), client_id=part.get("client_id")
        )
        for name, part in fields["collections"].items()
    }
    logging = fields.get("request_logging")
    return DataCollector(
        collections=collections,
        rolling_rate=fields.get("rolling_rate"),
        sampling_rate=fields.get("sampling_rate"),
        request_logging=RequestLogging(**logging) if logging else None,
    )


def _data_entity(data: Any) -> Any:
    """A data asset as an entity, because the SDK fails on a short reference, although its schema allows it."""
    from azure.ai.ml.entities import DataAsset

    if isinstance(data, str):
        named = parse_reference(AssetType.DATA, data, None)
        return DataAsset(name=named.name, version=named.version)
    return DataAsset(**data) if data else None
