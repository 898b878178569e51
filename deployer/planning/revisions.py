"""Revisions: a deployment whose content never changes in place, but becomes another one beside it. Pure.

A deployment that declares `x-revisions` is a logical one. What is live under the name `<name>-<hash>` is a revision of
it, whose tag has the logical name and the whole hash of its content. Everything after this module works with the names
of revisions alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from deployer.core.bookkeeping import Bookkeeping, Revision
from deployer.core.diff import diff
from deployer.core.intent import Intent, Origins
from deployer.core.plan import Action, Step
from deployer.core.plan_options import Allow
from deployer.core.resources import (
    KeyPath,
    Kind,
    Ref,
    Resource,
    State,
    Value,
    deployment_ref,
    dotted,
    share_map,
)
from deployer.planning.verdicts import Standing, content_hash, marks, same_content, standings

SHOWN = 8
"""Characters of the hash in the name of a revision."""
LONGEST_NAME = 32 - 1 - SHOWN
"""Characters of a logical name, so that Azure takes the names of its revisions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """What the logical deployments of a plan stand for.

    `current` are the revisions with the content of the specs, by the ref of the logical deployment, and `revision` what
    their tags say, by the ref of the revision; `kept` are the other ones that stay, `surplus` those that go. `held` are
    logical deployments whose content was rolled back, with what their traffic stays on.
    """

    current: Mapping[Ref, Ref] = field(default_factory=dict)
    revision: Mapping[Ref, Revision] = field(default_factory=dict)
    kept: frozenset[Ref] = frozenset()
    surplus: frozenset[Ref] = frozenset()
    held: Mapping[Ref, Ref] = field(default_factory=dict)


NO_REVISIONS = Revisions()


def revisions_of(logical: Ref, live: State) -> tuple[Resource, ...]:
    """The live revisions of a logical deployment, newest first.

    A deployment with exactly its name and without the tag is the first one, whatever its content.
    """
    there = [item for item in live.deployments(logical.endpoint) if logical_name(item) == logical.name]
    return tuple(sorted(there, key=lambda item: (item.seen.created or "~", item.ref.name), reverse=True))


def logical_name(item: Resource) -> str:
    """The name that a live deployment has in the specs: that in its tag, else its own."""
    noted = item.seen.bookkeeping.revision
    return noted.logical if noted else item.ref.name


def hash_of(revision: Resource, ignored: tuple[KeyPath, ...] = ()) -> str:
    """The hash of the content that a live revision was made for; that of the first one is taken from its fields."""
    noted = revision.seen.bookkeeping.revision
    return noted.content if noted else content_hash(revision, ignored)


def find_revisions(desired: State, live: State, intent: Intent, allow: frozenset[Allow]) -> Revisions:
    """What each logical deployment stands for, by its content and by what is live."""
    found = [_found(desired.resources[ref], live, intent, allow) for ref in sorted(intent.revisions)]
    return Revisions(
        current={ref: target for part in found for ref, target in part.current.items()},
        revision={ref: noted for part in found for ref, noted in part.revision.items()},
        kept=frozenset(ref for part in found for ref in part.kept),
        surplus=frozenset(ref for part in found for ref in part.surplus),
        held={ref: target for part in found for ref, target in part.held.items()},
    )


def _found(wish: Resource, live: State, intent: Intent, allow: frozenset[Allow]) -> Revisions:
    logical, ignored = wish.ref, intent.ignored.get(wish.ref, ())
    wanted, there = content_hash(wish, ignored), revisions_of(logical, live)
    same = [item.ref for item in there if hash_of(item, ignored) == wanted]
    current = same[0] if same else deployment_ref(logical.endpoint, f"{logical.name}-{wanted[:SHOWN]}")
    serving = _serving(there, live)
    others = [item for item in there if item.ref != current]
    is_held = (marks(logical, live).held or {}).get(logical.name) == wanted and Allow.AGAIN not in allow
    if is_held and serving and serving != current:
        return Revisions(held={logical: serving}, kept=frozenset(item.ref for item in there))
    kept = frozenset(_kept(others, intent.revisions[logical], live))
    return Revisions(
        current={logical: current},
        revision={} if current == logical else {current: Revision(logical=logical.name, content=wanted)},
        kept=kept,
        surplus=frozenset(item.ref for item in others) - kept,
    )


def _serving(revisions: Iterable[Resource], live: State) -> Ref | None:
    """The revision with the largest share of the live traffic; None if none has any."""
    shares = _shares(revisions, live)
    best = max(shares, key=lambda ref: (shares[ref], ref), default=None)
    return best if best is not None and shares[best] > 0 else None


def _shares(deployments: Iterable[Resource], live: State) -> Mapping[Ref, int]:
    """The live traffic of each, in percent."""
    return {item.ref: live.split(item.ref.endpoint).get(item.ref.name, 0) for item in deployments}


def _kept(others: list[Resource], keep: int, live: State) -> Iterator[Ref]:
    """The revisions that stay beside the current one: those that served last, and the newest that failed."""
    shares = _shares(others, live)
    failed = [item.ref for item in others if item.ref.name in marks(item.ref, live).failed and not shares[item.ref]]
    good = [item.ref for item in others if item.ref not in failed]
    yield from sorted(good, key=lambda ref: -shares[ref])[:keep]
    yield from failed[:1]


def with_revisions(desired: State, revisions: Revisions, live: State) -> State:
    """The desired state in the names of revisions: what is held stays as it is."""
    names = {**revisions.current, **revisions.held}
    renamed: dict[Ref, Resource] = {
        ref: item for ref, item in _moved_shares(revisions, live) if ref not in desired.resources
    }
    for ref, item in desired.resources.items():
        if ref in revisions.held:
            continue
        if ref.kind is Kind.TRAFFIC:
            renamed[ref] = _with_names(item, names)
        else:
            ref = renamed_ref(ref, names)
            renamed[ref] = replace(item, ref=ref)
    return replace(desired, resources=renamed)


def renamed_ref(ref: Ref, names: Mapping[Ref, Ref]) -> Ref:
    """The ref in the names of revisions: an autoscale setting goes with its deployment."""
    if ref.kind is Kind.AUTOSCALE:
        return replace(ref, name=names.get(deployment_ref(ref.endpoint, ref.name), ref).name)
    return names.get(ref, ref)


def _moved_shares(revisions: Revisions, live: State) -> Iterator[tuple[Ref, Resource]]:
    """The traffic of endpoints as it is, but for the shares of earlier revisions, which go to the current ones.

    It is what a spec means that declares no traffic.
    """
    endpoints = {ref.endpoint for ref in revisions.current}
    for traffic in live.of_kind(Kind.TRAFFIC):
        shares = dict(share_map(traffic, "traffic"))
        for logical, current in revisions.current.items():
            if logical.endpoint == traffic.ref.endpoint:
                earlier = [item.ref.name for item in revisions_of(logical, live)]
                moved = sum(shares.pop(name, 0) for name in earlier)
                shares |= {current.name: moved} if moved else {}
        if traffic.ref.endpoint in endpoints and shares != share_map(traffic, "traffic"):
            yield traffic.ref, Resource(ref=traffic.ref, fields={"traffic": shares})


def _with_names(traffic: Resource, names: Mapping[Ref, Ref]) -> Resource:
    """The traffic of an endpoint with revisions in place of logical names."""
    here = {ref.name: target.name for ref, target in names.items() if ref.endpoint == traffic.ref.endpoint}
    fields: dict[str, Value] = {
        key: {here.get(name, name): part for name, part in share_map(traffic, key).items()} for key in traffic.fields
    }
    return replace(traffic, fields=fields)


def intent_for(intent: Intent, revisions: Revisions) -> Intent:
    """The intent in the names of revisions."""
    names = revisions.current
    return replace(
        intent,
        smoke_tests={
            names.get(ref, ref): test for ref, test in intent.smoke_tests.items() if ref not in revisions.held
        },
        ignored={names.get(ref, ref): paths for ref, paths in intent.ignored.items()},
    )


def live_standings(live: State, intent: Intent) -> Mapping[Ref, Standing]:
    """How every live deployment stands; an idle revision owes nothing, and stands as its content was last found."""
    asked = _intent_of_live(intent, live)
    return {ref: _as_idle(ref, found, live) for ref, found in standings(live, asked).items()}


def _as_idle(ref: Ref, found: Standing, live: State) -> Standing:
    item = live.resources[ref]
    noted, mark = item.seen.bookkeeping.revision, marks(ref, live).tested.get(ref.name, "")
    if found is not Standing.OWED or noted is None or live.split(ref.endpoint).get(ref.name):
        return found
    return Standing.PASSED if same_content(mark, noted.content) else Standing.UNDECLARED


def _intent_of_live(intent: Intent, live: State) -> Intent:
    """The intent for what is live: that of a deployment with revisions holds for each of them."""

    def each(ref: Ref) -> list[Ref]:
        there = [item.ref for item in revisions_of(ref, live)] if ref in intent.revisions else []
        return there or [ref]

    return replace(
        intent,
        smoke_tests={live_ref: test for ref, test in intent.smoke_tests.items() for live_ref in each(ref)},
        ignored={live_ref: paths for ref, paths in intent.ignored.items() for live_ref in each(ref)},
    )


def origins_for(origins: Origins, revisions: Revisions) -> Origins:
    """The places in files by the refs of revisions, and by those of the logical deployments."""
    names = revisions.current
    return origins.also({renamed_ref(ref, names): places for ref, places in origins.places.items()})


def with_revisions_noted(steps: Iterable[Step], revisions: Revisions, live: State) -> tuple[Step, ...]:
    """The steps; those of revisions note which ones they are, and say in what a new one differs from what serves."""
    return tuple(_noting(step, revisions, live) for step in steps)


def _noting(step: Step, revisions: Revisions, live: State) -> Step:
    noted = revisions.revision.get(step.ref)
    if noted is None or step.after is None:
        return step
    reason = _news(step.after, noted, live) if step.action is Action.CREATE else step.reason
    return replace(step, reason=reason, bookkeeping=replace(step.bookkeeping or Bookkeeping(), revision=noted))


def _news(new: Resource, noted: Revision, live: State) -> str:
    """ "a revision of blue: model and tags.team differ from blue-1a2b3c4d"."""
    there = revisions_of(deployment_ref(new.ref.endpoint, noted.logical), live)
    serving = _serving(there, live) or next((item.ref for item in there), None)
    if serving is None:
        return f"the first revision of {noted.logical}"
    paths = [dotted(change.path) for change in diff(live.resources[serving], replace(new, ref=serving))]
    return f"a revision of {noted.logical}: other than in {serving.name} are {', '.join(paths)}"


def with_holds_noted(steps: Iterable[Step], revisions: Revisions, live: State) -> tuple[Step, ...]:
    """The steps; those that move the traffic of revisions forget what was rolled back, but for what is held still."""
    return tuple(_forgetting(step, revisions, live) for step in steps)


def _forgetting(step: Step, revisions: Revisions, live: State) -> Step:
    noted = marks(step.ref, live).held
    if step.ref.kind is not Kind.TRAFFIC or not step.bookkeeping or not noted:
        return step
    names = {ref.name for ref in revisions.held if ref.endpoint == step.ref.endpoint}
    held = {name: content for name, content in noted.items() if name in names}
    return replace(step, bookkeeping=replace(step.bookkeeping, held=held))


def rolled_back(step: Step, live: State) -> Step:
    """A step of a rollback that notes the content of the revisions that lose their traffic by it."""
    if step.ref.kind is not Kind.TRAFFIC:
        return step
    losing = share_map(step.before, "traffic").keys() - share_map(step.after, "traffic").keys()
    lost = [item.seen.bookkeeping.revision for item in live.deployments(step.ref.endpoint) if item.ref.name in losing]
    held = {**(marks(step.ref, live).held or {}), **{item.logical: item.content for item in lost if item}}
    book = step.bookkeeping or Bookkeeping(previous_split=share_map(step.before, "traffic"))
    return replace(step, bookkeeping=replace(book, held=held)) if any(lost) else step


def named_revision(name: str, endpoint: str, live: State) -> Ref:
    """The live deployment that a name means: itself, else the revision of that name that serves, else the newest."""
    exact = deployment_ref(endpoint, name)
    there = [item for item in revisions_of(exact, live) if item.seen.bookkeeping.revision or item.ref != exact]
    if live.get(exact) or not there:
        return exact
    return _serving(there, live) or there[0].ref
