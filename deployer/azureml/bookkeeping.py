"""Our own tags: who owns a resource, what was sent, where its content is from, the traffic before the last change.

They are written in the same PUT as the change they describe, and hidden from `tags`. A tag value holds at most 256
characters (https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from deployer.resources import Value

RESERVED = "deployer-"
PROJECT, CODE, SENT, PREVIOUS, ROLLOUT, PROTECTED = (
    f"{RESERVED}{name}" for name in ("project", "code", "sent", "previous", "rollout", "protected")
)
_LONGEST = 256
_CHUNKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What our tags say. `code` is the canonical value of the deployment's code and `code_id` the "<name>:<version>" of
    the code asset it was taken for: it is believed only while the live deployment still names that asset.
    `sent` holds the values that Azure does not give back, by dotted path, and under "variables" the names of declared
    environment variables that look like the service's own.
    """

    project: str = ""
    code: str = ""
    code_id: str = ""
    sent: Mapping[str, Value] = field(default_factory=dict)
    previous: Mapping[str, int] = field(default_factory=dict)
    rollout: str = ""
    protected: bool = False


def visible(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags that are the author's."""
    return {name: str(value) for name, value in (tags or {}).items() if not name.startswith(RESERVED)}


def read_notes(tags: Mapping[str, str] | None) -> Notes:
    """What our tags say; tags that do not parse say nothing."""
    found = tags or {}
    code, _, code_id = found.get(CODE, "").partition(" ")
    return Notes(
        project=found.get(PROJECT, ""),
        code=code,
        code_id=code_id,
        sent=_parse_sent(found.get(SENT, "")),
        previous=_parse_split("".join(found.get(f"{PREVIOUS}-{number}", "") for number in range(1, _CHUNKS + 1))),
        rollout=found.get(ROLLOUT, ""),
        protected=found.get(PROTECTED) == "true",
    )


def tags_of(notes: Notes) -> dict[str, str]:
    """The tags that say this; what is empty, or too long for a tag, is left out."""
    sent = json.dumps(dict(notes.sent), separators=(",", ":"), sort_keys=True) if notes.sent else ""
    tags = {
        PROJECT: notes.project,
        CODE: f"{notes.code} {notes.code_id}" if notes.code and notes.code_id else "",
        SENT: sent,
        ROLLOUT: notes.rollout,
        PROTECTED: "true" if notes.protected else "",
        **_split_tags(notes.previous),
    }
    return {name: value for name, value in tags.items() if 0 < len(value) <= _LONGEST}


def _split_tags(split: Mapping[str, int]) -> dict[str, str]:
    """The non-zero shares as `name=share;...`, cut between shares into tags of at most 256 characters."""
    chunks = [""]
    for name, share in sorted(split.items()):
        part = f"{name}={share};" if share else ""
        if len(chunks[-1]) + len(part) > _LONGEST:
            chunks.append("")
        chunks[-1] += part
    return {f"{PREVIOUS}-{number}": chunk for number, chunk in enumerate(chunks[:_CHUNKS], start=1)}


def _parse_split(joined: str) -> dict[str, int]:
    pairs = (part.partition("=") for part in joined.split(";"))
    return {name: int(share) for name, _, share in pairs if share.isdigit()}


def _parse_sent(written: str) -> Mapping[str, Value]:
    try:
        found = json.loads(written or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
