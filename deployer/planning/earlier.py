"""What served before an update in place: noted with the update, and put back if its smoke test fails. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from deployer.core.bookkeeping import Bookkeeping, Earlier
from deployer.core.diff import diff
from deployer.core.plan import Action, Step
from deployer.core.references import AssetReference, AssetType, parse_reference
from deployer.core.resources import (
    KeyPath,
    Kind,
    Resource,
    State,
    dotted,
    reference_at,
    value_at,
    version_named,
    with_value,
)
from deployer.core.workspace import Wanted
from deployer.planning.reconcile import keep_live
from deployer.planning.verdicts import content_hash, is_content, marks, same_content

MODEL: KeyPath = ("model",)
ENVIRONMENT: KeyPath = ("environment",)
CODE: KeyPath = ("code_configuration", "code")


def with_earlier_noted(steps: Iterable[Step], live: State) -> tuple[Step, ...]:
    """The steps; updates of deployments that serve note what they replace."""
    return tuple(_noting(step, live) for step in steps)


def _noting(step: Step, live: State) -> Step:
    match step.ref.kind:
        case Kind.DEPLOYMENT:
            found = _earlier(step, live) if step.action is Action.UPDATE and step.serving else None
            return replace(step, bookkeeping=Bookkeeping(earlier=found)) if found else step
        case Kind.ENDPOINT | Kind.TRAFFIC | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return step
    assert_never(step.ref.kind)


def _earlier(step: Step, live: State) -> Earlier | None:
    """What served last and was not found wrong: before this update, or before an earlier one that was never tested."""
    if step.before is None:
        return None
    noted, replaced = step.before.seen.bookkeeping.earlier, _replaced(step)
    tested = marks(step.ref, live).tested.get(step.ref.name, "")
    if noted is None or replaced is None or same_content(tested, content_hash(step.before, step.ignore)):
        return replaced or noted
    return Earlier(
        model=noted.model or replaced.model,
        environment=noted.environment or replaced.environment,
        code=noted.code or replaced.code,
        others=tuple(sorted({*noted.others, *replaced.others})),
    )


def _replaced(step: Step) -> Earlier | None:
    """The content that a step replaces; None if it leaves the content as it is."""
    changed = [change.path for change in step.changes if is_content(change.effect)]
    known = {path: text for path in (MODEL, ENVIRONMENT, CODE) if path in changed and (text := _noted(step, path))}
    others = tuple(dotted(path) for path in changed if path not in known)
    if not changed:
        return None
    return Earlier(
        model=known.get(MODEL, ""), environment=known.get(ENVIRONMENT, ""), code=known.get(CODE, ""), others=others
    )


def _noted(step: Step, path: KeyPath) -> str:
    """The earlier reference at a path, for a tag; "" if there was none."""
    before = step.before
    value = value_at(before.fields, path) if before else None
    if before is None or not isinstance(value, str):
        return ""
    if path == CODE:
        return f"{value} {before.seen.code.bare}" if before.seen.code else ""
    return value


def earlier_content(write: Step | None, current: Resource, ignored: tuple[KeyPath, ...]) -> Resource | None:
    """The deployment with the content before its last update in place; None if that is not known.

    `write` is the update in this run; without one, only model, environment and code are known, from our tags. What
    passed a test last is preferred to what this update replaced, which may have come from somebody else.
    """
    noted = write.bookkeeping.earlier if write and write.bookkeeping else current.seen.bookkeeping.earlier
    if noted is None:
        return None
    replaced_tested = write is not None and noted == _replaced(write)
    if not replaced_tested and not noted.others:
        return _from_notes(noted, current)
    return _before(write, current, ignored) if write else None


def _before(write: Step, current: Resource, ignored: tuple[KeyPath, ...]) -> Resource | None:
    """The deployment as an update found it, with the present values of its ignored fields."""
    if write.before is None:
        return None
    fields = keep_live(write.before.fields, current.fields, ignored)
    code = write.before.seen.code
    sources = {CODE: str(code)} if code and value_at(fields, CODE) else {}
    return Resource(ref=current.ref, fields=fields, sources=sources)


def _from_notes(noted: Earlier, current: Resource) -> Resource:
    fields, sources = current.fields, dict[KeyPath, str]()
    for path, text in ((MODEL, noted.model), (ENVIRONMENT, noted.environment)):
        fields = with_value(fields, path, text) if text else fields
    content, _, asset = noted.code.rpartition(" ")
    if content:
        fields = with_value(fields, CODE, content)
        sources[CODE] = str(parse_reference(AssetType.CODE, asset, None))
    elif current.seen.code:
        sources[CODE] = str(current.seen.code)
    return Resource(ref=current.ref, fields=fields, sources=sources)


def earlier_assets(desired: State, live: State) -> Wanted | None:
    """What must be read to know whether the content that updates replace could be put back; None for nothing."""
    pairs = [(item, live.get(item.ref)) for item in desired.of_kind(Kind.DEPLOYMENT)]
    changing = [there for wish, there in pairs if there and _renews(there, wish)]
    named = {ref for item in changing for found in _references(item) if (ref := version_named(found))}
    codes = {item.seen.code for item in changing if item.seen.code}
    asked = Wanted(assets=frozenset(named - live.resources.keys()), codes=frozenset(codes - live.contents.keys()))
    return asked if asked.assets or asked.codes else None


def _renews(there: Resource, wish: Resource) -> bool:
    """Whether a deployment gets other content."""
    return any(is_content(change.effect) for change in diff(there, wish))


def _references(deployment: Resource) -> Iterator[AssetReference]:
    for type_ in (AssetType.MODEL, AssetType.ENVIRONMENT):
        if found := reference_at(deployment, (type_.value,), type_):
            yield found


def with_also(live: State, more: State) -> State:
    """A live state with what was read besides."""
    return replace(live, resources={**live.resources, **more.resources}, contents={**live.contents, **more.contents})


def gone(step: Step, live: State) -> tuple[str, ...]:
    """Why the content before an update could not be put back: its parts that are no longer registered."""
    if step.before is None:
        return ()
    assets = [ref for found in _references(step.before) if (ref := version_named(found)) and not live.get(ref)]
    code = step.before.seen.code
    lost = [f"its code ({code})"] if code and live.contents.get(code) == "" else []
    return (*map(str, assets), *lost)
