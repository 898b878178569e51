"""Times as Azure writes them, and the systemData of resources."""

from __future__ import annotations

from datetime import UTC, datetime

from deployer.local_workspace.store import Document


def now() -> str:
    """The current time as Azure writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def stamped(before: Document | None) -> Document:
    """systemData for a resource written now, whose previous systemData is `before`."""
    moment = now()
    created = before["createdAt"] if before else moment
    return {"createdAt": created, "createdBy": "local", "lastModifiedAt": moment}


def asset_stamped(before: Document | None) -> Document:
    """systemData for an asset written now: unlike endpoints, assets say who changed them."""
    moment = now()
    return {
        "createdAt": before["createdAt"] if before else moment,
        "createdBy": "local",
        "createdByType": "User",
        "lastModifiedAt": moment,
        "lastModifiedBy": "local",
        "lastModifiedByType": "User",
    }
