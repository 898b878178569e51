"""Which versions the assets without one are: the newest registered one, or the next. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.core.diff import diff
from deployer.core.drafts import FIRST_VERSION, Draft
from deployer.core.resources import Ref, State
from deployer.planning.verdicts import is_content


def numbered(drafts: Iterable[Draft], live: State) -> dict[Ref, Draft]:
    """Each draft by the version that it is.

    That is the newest registered version where nothing says that its content differs, else the one that Azure would
    give next. Where the content of the newest cannot be read, no new one is made: every run would make another.
    """
    return {draft.at(version).ref: draft for draft in drafts for version in [_version_of(draft, live)]}


def _version_of(draft: Draft, live: State) -> str:
    newest = live.references.get(draft.newest)
    if newest and _is_content_of(draft, newest.version, live):
        return newest.version
    return live.next_versions.get(draft.newest, FIRST_VERSION)


def _is_content_of(draft: Draft, version: str, live: State) -> bool:
    """Whether a registered version has the content of a draft, as far as it can be read."""
    wish = draft.at(version)
    there = live.get(wish.ref)
    changes = [item for item in diff(there, wish) if is_content(item.effect)]
    return there is not None and all(item.path in there.seen.unknown for item in changes)


def with_numbered(desired: State, numbers: dict[Ref, Draft]) -> State:
    """`desired` with the drafts as the versions that they are."""
    versions = {ref: draft.at(ref.name.rpartition(":")[2]) for ref, draft in numbers.items()}
    return State(resources={**desired.resources, **versions})
