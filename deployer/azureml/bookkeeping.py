"""Our own tags: owner, values sent, code content, earlier traffic and content, verdicts, protection, secret fields.

They are written in the same PUT as the change they describe, and hidden from `tags`. A tag value has at most 256
characters (https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.core.bookkeeping import COMMIT_NAME, Earlier, Revision
from deployer.core.resources import RESERVED, Value
from deployer.core.secret_paths import SecretPaths

PROJECT, CODE, SENT, ROLLOUT, PROTECTED = (
    f"{RESERVED}{name}" for name in ("project", "code", "sent", "rollout", "protected")
)
PREVIOUS, PREVIOUS_MIRROR = f"{RESERVED}previous", f"{RESERVED}previous-mirror"
TESTED, FAILED, BEFORE, SECRET = (f"{RESERVED}{name}" for name in ("tested", "failed", "before", "secret"))
HELD, REVISION, COMMIT, AUTOSCALED = (f"{RESERVED}{name}" for name in ("held", "revision", "commit", "autoscaled"))
_EVERY, _TRUE = "*", "true"
_NUMBERED = {PREVIOUS: 4, TESTED: 5, FAILED: 5, HELD: 4}
"""The numbered tags of what is noted for up to 20 deployments."""
_MORE = {SENT: 8}
"""The tags of what else can be long; the rule `collector-size` keeps what was sent within them."""

_LONGEST = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The content of our tags.

    `code` is the content of a deployment's code and `code_id` the "<name>:<version>" of its code asset: `code` is valid
    only as long as the live deployment uses that asset. `sent` holds values that Azure does not return, by dotted path;
    under "variables" the names of declared environment variables that the service could have added; under "data" the
    declared data assets of data collections. The others are as in `Bookkeeping`.
    """

    project: str = ""
    code: str = ""
    code_id: str = ""
    sent: Mapping[str, Value] = field(default_factory=dict)
    previous: Mapping[str, int] = field(default_factory=dict)
    previous_mirror: Mapping[str, int] = field(default_factory=dict)
    rollout: str = ""
    protected: bool = False
    tested: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    earlier: Earlier | None = None
    revision: Revision | None = None
    commit: str = ""
    secret: SecretPaths = field(default_factory=SecretPaths)
    autoscaled: bool = False


def visible(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags without our own."""
    return {name: str(value) for name, value in (tags or {}).items() if not name.startswith(RESERVED)}


def read_notes(tags: Mapping[str, str] | None) -> Notes:
    """The notes in our tags; invalid tags are ignored."""
    found = tags or {}
    code, _, code_id = found.get(CODE, "").partition(" ")
    return Notes(
        project=found.get(PROJECT, ""),
        code=code,
        code_id=code_id,
        sent=_parse_sent(_joined(found, SENT)),
        previous=_parse_split(_joined(found, PREVIOUS)),
        previous_mirror=_parse_split(_joined(found, PREVIOUS_MIRROR)),
        rollout=found.get(ROLLOUT, ""),
        protected=found.get(PROTECTED) == _TRUE,
        tested=_parse_pairs(_joined(found, TESTED)),
        failed=_parse_pairs(_joined(found, FAILED)),
        held=_parse_pairs(_joined(found, HELD)),
        earlier=_parse_earlier(found),
        revision=_parse_revision(found.get(REVISION, "")),
        commit=_parse_commit(found.get(COMMIT, "")),
        secret=_parse_secret(_joined(found, SECRET)),
        autoscaled=found.get(AUTOSCALED) == _TRUE,
    )


def tags_of(notes: Notes) -> dict[str, str]:
    """The tags for these notes; empty and overlong values are omitted."""
    sent = json.dumps(dict(notes.sent), separators=(",", ":"), sort_keys=True) if notes.sent else ""
    tags = {
        PROJECT: notes.project,
        CODE: f"{notes.code} {notes.code_id}" if notes.code and notes.code_id else "",
        ROLLOUT: notes.rollout,
        PROTECTED: _TRUE if notes.protected else "",
        **_cut(SENT, sent),
        **_cut(PREVIOUS, _pairs(notes.previous)),
        **_cut(PREVIOUS_MIRROR, _pairs(notes.previous_mirror)),
        **_cut(TESTED, _pairs(notes.tested)),
        **_cut(FAILED, _pairs(notes.failed)),
        **_cut(HELD, _pairs(notes.held)),
        REVISION: f"{notes.revision.logical} {notes.revision.content}" if notes.revision else "",
        COMMIT: notes.commit,
        AUTOSCALED: _TRUE if notes.autoscaled else "",
        **_cut(SECRET, _EVERY if notes.secret.all else ";".join(sorted(notes.secret.hashes))),
        **_earlier_tags(notes.earlier or Earlier()),
    }
    return {name: value for name, value in tags.items() if 0 < len(value) <= _LONGEST}


def _pairs(values: Mapping[str, object]) -> str:
    return "".join(f"{name}={value};" for name, value in sorted(values.items()) if value)


def _earlier_tags(earlier: Earlier) -> dict[str, str]:
    """The tags of what a deployment ran before an update in place."""
    others = _shortened(earlier.others) if earlier.others else ""
    texts = {"model": earlier.model, "environment": earlier.environment, "code": earlier.code, "others": others}
    return {name: piece for part, text in texts.items() for name, piece in _cut(f"{BEFORE}-{part}", text).items()}


def _shortened(paths: tuple[str, ...]) -> str:
    """The paths as JSON; where they do not fit, the first ones and an ellipsis: that there are others is never lost."""
    kept = list(paths)
    while len(text := json.dumps(kept if len(kept) == len(paths) else [*kept, "..."])) > 3 * _LONGEST:
        kept.pop()
    return text


def _names(tag: str) -> tuple[str, ...]:
    """The tags for the pieces of a long text."""
    if tag in _NUMBERED:
        return tuple(f"{tag}-{number}" for number in range(1, _NUMBERED[tag] + 1))
    return tag, *(f"{tag}-{number}" for number in range(2, _MORE.get(tag, 3) + 1))


def _cut(tag: str, text: str) -> dict[str, str]:
    """A text in pieces of at most 256 characters by tag; empty if it is too long for its tags."""
    pieces = [text[start : start + _LONGEST] for start in range(0, len(text), _LONGEST)]
    return dict(zip(_names(tag), pieces, strict=False)) if len(pieces) <= len(_names(tag)) else {}


def _joined(tags: Mapping[str, str], tag: str) -> str:
    return "".join(tags.get(name, "") for name in _names(tag))


def _parse_pairs(joined: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in joined.split(";"))
    return {name: value for name, _, value in pairs if value}


def _parse_split(joined: str) -> dict[str, int]:
    return {name: int(share) for name, share in _parse_pairs(joined).items() if share.isdigit()}


def _parse_earlier(found: Mapping[str, str]) -> Earlier | None:
    texts = {part: _joined(found, f"{BEFORE}-{part}") for part in ("model", "environment", "code")}
    others = _parsed(_joined(found, f"{BEFORE}-others"), "[]")
    paths = tuple(map(str, others)) if isinstance(others, list) else ()
    return Earlier(**texts, others=paths) if paths or any(texts.values()) else None


def _parse_revision(written: str) -> Revision | None:
    logical, _, content = written.partition(" ")
    return Revision(logical=logical, content=content) if content else None


def _parse_commit(written: str) -> str:
    return written if COMMIT_NAME.fullmatch(written) else ""


def _parse_secret(joined: str) -> SecretPaths:
    hashes = frozenset(filter(None, joined.split(";")))
    return SecretPaths(all=True) if _EVERY in hashes else SecretPaths(hashes=hashes)


def _parse_sent(written: str) -> Mapping[str, Value]:
    found = _parsed(written, "{}")
    return found if isinstance(found, dict) else {}


def _parsed(written: str, empty: str) -> Any:
    """The JSON of a tag; that of `empty` if there is none, or if it is damaged."""
    try:
        return json.loads(written or empty)
    except ValueError:
        return json.loads(empty)
