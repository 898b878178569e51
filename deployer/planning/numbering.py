"""Which versions the assets without one are: the newest registered one, or the next. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.core.diff import diff
from deployer.core.drafts import FIRST_VERSION, Draft
from deployer.core.resources import Resource, State
from deployer.planning.verdicts import is_content


def numbered(drafts: Iterable[Draft], live: State) -> tuple[Resource, ...]:
    """The drafts, in their order, as the versions that they are.

    That is the newest registered version where nothing says that its content differs, else the one that Azure would
    give next. Where the content of the newest cannot be read, no new one is made: every run would make another.
    """
    return tuple(_numbered(draft, live) for draft in drafts)


def _numbered(draft: Draft, live: State) -> Resource:
    newest = live.references.get(draft.newest)
    if newest and _has_content_of(version := draft.at(newest.version), live):
        return version
    return draft.at(live.next_versions.get(draft.newest, FIRST_VERSION))


def _has_content_of(wish: Resource, live: State) -> bool:
    """Whether a registered version has the wished content, as far as it can be read."""
    there = live.get(wish.ref)
    changes = [item for item in diff(there, wish) if is_content(item.effect)]
    return there is not None and all(item.path in there.seen.unknown for item in changes)


def with_numbered(desired: State, versions: Iterable[Resource]) -> State:
    """`desired` with these versions of assets too."""
    return State(resources={**desired.resources, **{item.ref: item for item in versions}})
