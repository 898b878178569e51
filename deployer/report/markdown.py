"""A plan as one pull-request comment: a hidden marker, the verdict, what to decide from, and collapsible diffs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from deployer.report.format import count, with_short_names
from deployer.report.markdown_text import code, prose
from deployer.report.plan_view import ChangeRow, FindingRow, PlanView, StepRow
from deployer.report.review_markdown import review_parts
from deployer.report.review_view import Place, ReviewView

LIMIT = 65_536
"""Maximum characters of a comment on GitHub (https://github.com/orgs/community/discussions/27190)."""
NO_REVIEW = ReviewView()


def marker(env: str, folder: str) -> str:
    """The first line of the comment for one env and project folder; a workflow uses it to find its earlier comment.

    The folder in the repository is known even where a project is too broken to say its name.
    """
    name = re.sub(r"[^A-Za-z0-9._/ ]", lambda found: f"%{ord(found[0]):x}", f"{folder or '.'} {env}")
    return f"<!-- deployer plan {name} -->"


def plan_comment(view: PlanView, review: ReviewView = NO_REVIEW) -> str:
    """The comment, at most LIMIT characters; a sentence says how many parts did not fit and how to see them.

    What a reviewer decides from comes first, and the verdict is never cut.
    """
    place = review.place
    head = f"{marker(view.env, place.folder)}\n### Plan for {code(view.env)}\n\n{verdict(view)}\n"
    head += f"\n{prose(place.where)}\n" if place.where else ""
    foot = _foot(view, place.version)
    parts = [*_findings(view, place, blocking=True), *review_parts(review), *_findings(view, place, blocking=False)]
    parts += [*_steps(view), *_orphans(view)]
    shown = [with_short_names(part) for part in parts]
    return head + _fitting(shown, LIMIT - len(head) - len(foot), view) + foot


def failed_comment(env: str, place: Place, problem: str) -> str:
    """The comment in the place of that of a plan that could not be made, with the reason."""
    head = f"{marker(env, place.folder)}\n### Plan for {code(env)}\n\n**No plan: it could not be made.**\n"
    head += f"\n{prose(place.where)}\n" if place.where else ""
    lines = "\n".join(f"    {line}" for line in problem.splitlines())
    return f"{head}\n{lines[: LIMIT - len(head) - 2]}\n"


def verdict(view: PlanView) -> str:
    """Whether a plan can be applied, and its summary."""
    if number := len(view.blockers):
        return f"**Refused: {count(number, 'finding')} must be resolved first.** {prose(view.summary)}"
    can = "Nothing to do" if view.is_empty else "Can be applied"
    return f"**{can}.** {prose(view.summary)}"


def _foot(view: PlanView, version: str) -> str:
    if not view.digest:
        return ""
    made = f", deployer {code(version)}" if version else ""
    return f"\n<sub>project {code(view.project)}, digest {code(view.digest)}{made}</sub>\n"


def _fitting(parts: list[str], room: int, view: PlanView) -> str:
    """The parts, in order, as far as they fit."""
    if len("".join(parts)) <= room:
        return "".join(parts)
    sentence = "\n{} of {} parts of this plan do not fit into a comment: `deployer plan --env {}` shows them all.\n"
    room -= len(sentence) + 2 * len(str(len(parts))) + len(view.env)
    kept: list[str] = []
    for part in parts:
        if len(part) > room:
            break
        kept.append(part)
        room -= len(part)
    return "".join(kept) + sentence.format(len(parts) - len(kept), len(parts), view.env.replace("`", "'"))


def _findings(view: PlanView, place: Place, *, blocking: bool) -> Iterator[str]:
    rows = [row for row in view.findings if row.blocking is blocking]
    heading = "Refused" if blocking else "Worth knowing"
    yield from ([f"\n**{heading}**\n\n"] if rows else [])
    yield from (_finding(row, place) for row in rows)


def _finding(row: FindingRow, place: Place) -> str:
    address = place.link_to(row.origin)
    origin = f"[{code(row.origin)}](<{address}>)" if address else code(row.origin)
    detail = f" {prose(row.detail)}" if row.detail else ""
    return f"- {prose(row.summary)} {code(row.code)}{f' ({origin})' if row.origin else ''}.{detail}\n"


def _steps(view: PlanView) -> Iterator[str]:
    for row in view.steps:
        body = "\n".join(_diff(row))
        yield (
            f"\n<details><summary><code>{escape(row.symbol)}</code> {_html(row.words)}</summary>\n\n"
            f"```diff\n{body}\n```\n\n</details>\n"
        )


def _diff(row: StepRow) -> Iterator[str]:
    """Lines of a diff: red for old values, green for new values, grey for comments.

    Each starts with its sign, so that its text cannot end the block.
    """
    yield f"@@ {row.words} @@"
    yield from (f"# {line}" for line in (row.origin, row.reason, row.effect) if line)
    for change in row.changes:
        yield from _change(row, change)
    yield from (f"# {sentence}" for sentence in row.sentences)
    if row.verb == "delete":
        yield f"- {row.kind} {row.name or row.endpoint}"


def _change(row: StepRow, change: ChangeRow) -> Iterator[str]:
    effect = "" if change.effect == row.effect else change.effect
    comment = "; ".join(filter(None, (change.note, effect)))
    if change.before:
        yield f"- {change.path}: {change.before}"
    yield f"+ {change.path}: {change.after}" + (f"  # {comment}" if comment else "")


def _orphans(view: PlanView) -> Iterator[str]:
    if view.orphans:
        yield "\n**No longer in any spec** (`--prune` deletes them)\n\n"
    yield from (f"- {code(name)}\n" for name in view.orphans)


def _html(text: str) -> str:
    return escape(text).replace("@", "@<!-- -->")
