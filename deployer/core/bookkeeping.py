"""Bookkeeping: what our tags remember of a resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deployer.core.secret_paths import SecretPaths

COMMIT_NAME = re.compile(r"([0-9a-f]{7,64})(-dirty)?")
"""The name of a commit, and whether files differed from it. What our tags say may come from anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a deployment ran before an update in place.

    References to its model and environment, and `code` as "<content> <name:version>"; "" for those that did not change.
    `others` are the dotted paths of further changed content, whose earlier values are not known.
    """

    model: str = ""
    environment: str = ""
    code: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Which revision a deployment is: its logical name, and the whole hash of the content it was made for."""

    logical: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """The content of our tags.

    Of an endpoint: `previous_split` and `previous_mirror`, the live and mirrored traffic before the last change of the
    live one, in percent by deployment; `rollout`, the mark of a rollout, "<target hash>:<percent>" or "<target
    hash>:failed"; `tested` and `failed`, the verdict hashes of smoke tests by deployment; `held`, the content hashes
    that were rolled back, by logical deployment; `autoscaled`, whether deployments have autoscale settings: these
    are read only where this says so or specs declare them. Of a deployment: `earlier`, until its update in place has
    passed its smoke test; `revision`, which one it is; `commit`, that of the specs it was last written from, with
    "-dirty" after it if files differed from it, "" if there was none. Of both: `secret`, the fields that were secret
    when written.

    `held` is None where nothing is noted; a step with None leaves what is.
    """

    previous_split: Mapping[str, int] = field(default_factory=dict)
    previous_mirror: Mapping[str, int] = field(default_factory=dict)
    rollout: str = ""
    tested: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] | None = None
    earlier: Earlier | None = None
    revision: Revision | None = None
    commit: str = ""
    secret: SecretPaths = field(default_factory=SecretPaths)
    autoscaled: bool = False


def with_verdicts(before: Bookkeeping, noted: Bookkeeping) -> Bookkeeping:
    """New bookkeeping with the earlier verdicts, but for those that it contradicts."""
    tested = {name: mark for name, mark in before.tested.items() if noted.failed.get(name) != mark}
    failed = {name: mark for name, mark in before.failed.items() if noted.tested.get(name) != mark}
    return replace(noted, tested={**tested, **noted.tested}, failed={**failed, **noted.failed})
