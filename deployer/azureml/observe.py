"""What is live: reads ARM JSON, many reads at a time, and gives it back in canonical form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from deployer.azureml.arm import CONNECTIONS, Arm
from deployer.azureml.arm_ids import PLURAL, asset_path
from deployer.azureml.bookkeeping import read_notes
from deployer.azureml.kinds import normalise, rows
from deployer.azureml.retry import Patience, wait_for
from deployer.core.references import AssetReference
from deployer.core.resources import BUSY_STATES, Kind, Ref, Resource, State
from deployer.core.workspace import Wanted

Raw = Mapping[str, Any]
_ASSET_API = {Kind.MODEL: rows.MODELS_API, Kind.ENVIRONMENT: rows.ENVIRONMENTS_API}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads of one workspace. Code assets never change, so what is known of one is kept."""

    arm: Arm
    home: str
    known_code: dict[str, str] = field(default_factory=dict)

    def raw_endpoint(self, name: str) -> Raw | None:
        """The ARM JSON of an endpoint."""
        return self.arm.get(f"/onlineEndpoints/{name}", rows.ENDPOINTS_API)

    def raw_deployment(self, ref: Ref) -> Raw | None:
        """The ARM JSON of a deployment."""
        return self.arm.get(f"/onlineEndpoints/{ref.endpoint}/deployments/{ref.name}", rows.DEPLOYMENTS_API)

    def raw_asset(self, ref: Ref) -> Raw | None:
        """The ARM JSON of a model or environment version."""
        return self.arm.get(asset_path(ref), _ASSET_API[ref.kind])

    def endpoints(self, wanted: Wanted) -> list[Raw]:
        """The endpoints that are asked for by name or by project, in one read."""
        if len(wanted.endpoints) == 1 and not wanted.project:
            found = self.raw_endpoint(*wanted.endpoints)
            return [found] if found is not None else []
        return [
            raw
            for raw in self.arm.pages("/onlineEndpoints", rows.ENDPOINTS_API, required=True)
            if raw["name"].lower() in wanted.endpoints
            or (wanted.project and read_notes(raw.get("tags")).project == wanted.project)
        ]

    def deployments(self, endpoint: str) -> list[Resource]:
        """All deployments of an endpoint; none where there is no such endpoint."""
        path = f"/onlineEndpoints/{endpoint}/deployments"
        return [self.deployment(raw, endpoint) for raw in self.arm.pages(path, rows.DEPLOYMENTS_API)]

    def deployment(self, raw: Raw, endpoint: str) -> Resource:
        """A deployment in canonical form."""
        return normalise.deployment(raw, endpoint, self.home, self.code)

    def code(self, asset: str) -> str:
        """The canonical value of a code asset: its content hash where a client left one, else the asset's reference."""
        if asset not in self.known_code:
            name, _, version = asset.removeprefix("azureml:").rpartition(":")
            raw = self.arm.get(f"/codes/{name}/versions/{version}", rows.CODES_API) if name else None
            noted = rows.wire_value(raw or {}, "properties.properties") or {}
            self.known_code[asset] = f"sha256:{noted['hash_sha256']}" if noted.get("hash_sha256") else asset
        return self.known_code[asset]

    def asset(self, ref: Ref) -> Resource | None:
        """A model or environment version in canonical form."""
        raw = self.raw_asset(ref)
        return normalise.BY_KIND[ref.kind](raw, ref) if raw is not None else None

    def label(self, labelled: AssetReference) -> AssetReference | None:
        """The newest version of an asset; None for what has none, or another label than "latest"."""
        if labelled.label != "latest":
            return None
        kind = Kind(labelled.type.value)
        newest = self.arm.get(
            f"/{PLURAL[kind]}/{labelled.name}/versions",
            _ASSET_API[kind],
            query={"$orderBy": "createdtime desc", "$top": "1"},
        )
        versions = (newest or {}).get("value") or ()
        return replace(labelled, version=versions[0]["name"], label="") if versions else None


def observe(reader: Reader, wanted: Wanted) -> State:
    """What is live of what is wanted: one read for all endpoints, one for the deployments of each, one per asset.

    A deployment that carries no valid note of its content costs one more read.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        try:
            return _gather(pool, reader, wanted)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _gather(pool: ThreadPoolExecutor, reader: Reader, wanted: Wanted) -> State:
    asked = bool(wanted.endpoints or wanted.project)
    listing = pool.submit(reader.endpoints, wanted) if asked else None
    parts: dict[str, Future[list[Resource]]] = {
        name: pool.submit(reader.deployments, name) for name in sorted(wanted.endpoints)
    }
    assets = [pool.submit(reader.asset, ref) for ref in sorted(wanted.assets)]
    labels = {label: pool.submit(reader.label, label) for label in sorted(wanted.labels)}
    codes = {asset: pool.submit(reader.code, str(asset)) for asset in sorted(wanted.codes)}
    found: list[Resource] = []
    for raw in listing.result() if listing else ():
        name = raw["name"].lower()
        if name not in parts:
            parts[name] = pool.submit(reader.deployments, name)
        found += [normalise.endpoint(raw, reader.home), normalise.traffic(raw)]
    live = {item.ref.endpoint for item in found}
    found += [item for name, part in parts.items() for item in part.result() if name in live]
    found += _present(future.result() for future in assets)
    return State(
        resources={item.ref: item for item in found},
        references={label: target for label, future in labels.items() if (target := future.result()) is not None},
        contents={asset: future.result() for asset, future in codes.items()},
    )


def _present(found: Iterable[Resource | None]) -> list[Resource]:
    return [item for item in found if item is not None]


def read(reader: Reader, ref: Ref, patience: Patience) -> Resource | None:
    """One resource once nobody changes it any more. Raises Busy when it never settles."""
    match ref.kind:
        case Kind.MODEL | Kind.ENVIRONMENT:
            return reader.asset(ref)
        case Kind.DEPLOYMENT:
            raw = settled(patience, ref, lambda: reader.raw_deployment(ref))
            return reader.deployment(raw, ref.endpoint) if raw is not None else None
        case Kind.ENDPOINT | Kind.TRAFFIC:
            raw = settled(patience, ref, lambda: reader.raw_endpoint(ref.endpoint))
            return None if raw is None else endpoint_or_traffic(raw, ref, reader.home)


def endpoint_or_traffic(raw: Raw, ref: Ref, home: str) -> Resource:
    """The one of the two resources that an endpoint's JSON holds."""
    return normalise.traffic(raw) if ref.kind is Kind.TRAFFIC else normalise.endpoint(raw, home)


def settled(patience: Patience, ref: Ref, look: Callable[[], Raw | None]) -> Raw | None:
    """The JSON of an endpoint or a deployment that no operation is under way on; None when it is not there."""
    return wait_for(patience, f"see {ref} settle", look, _is_settled)


def _is_settled(raw: Raw | None) -> bool:
    return raw is None or normalise.observed(raw).provisioning_state not in BUSY_STATES
