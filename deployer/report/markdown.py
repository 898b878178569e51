"""A plan as one pull-request comment: a hidden marker for finding it, the summary, findings, and collapsible diffs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from deployer.report.plan_view import ChangeRow, FindingRow, PlanView, StepRow

LIMIT = 65_536
"""Maximum characters of a comment on GitHub (https://github.com/orgs/community/discussions/27190)."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_BULLET = re.compile(r"^(\d*)([-+.)])")


def marker(env: str, project: str) -> str:
    """The first line of the comment for one env and project; a workflow uses it to find its earlier comment."""
    name = re.sub(r"[^A-Za-z0-9._/ ]", lambda found: f"%{ord(found[0]):x}", f"{project} {env}")
    return f"<!-- deployer plan {name} -->"


def plan_comment(view: PlanView) -> str:
    """The comment, at most LIMIT characters; a sentence says how many parts did not fit and how to see them."""
    head = f"{marker(view.env, view.project)}\n### Plan for {code(view.env)}\n\n**{prose(view.summary)}**\n"
    foot = f"\n<sub>project {code(view.project)}, digest {code(view.digest)}</sub>\n" if view.digest else ""
    parts = [*_findings(view), *_steps(view), *_orphans(view)]
    return head + _fitting(parts, LIMIT - len(head) - len(foot), view) + foot


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


def _findings(view: PlanView) -> Iterator[str]:
    for heading, blocking in (("Refused", True), ("Worth knowing", False)):
        rows = [row for row in view.findings if row.blocking is blocking]
        yield from ([f"\n**{heading}**\n\n"] if rows else [])
        yield from (_finding(row) for row in rows)


def _finding(row: FindingRow) -> str:
    place = f" ({code(row.origin)})" if row.origin else ""
    detail = f" {prose(row.detail)}" if row.detail else ""
    return f"- {prose(row.summary)} {code(row.code)}{place}.{detail}\n"


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


def prose(text: str) -> str:
    """Arbitrary text as Markdown, escaped so that it does not format, link or notify."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _BULLET.sub(r"\1\\\2", escaped).replace("@", "@<!-- -->")


def code(text: str) -> str:
    """Arbitrary text as a code span, even if it contains backticks."""
    if not text.strip():
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    one_line = text.replace("\n", " ")
    return f"{fence}{pad}{one_line}{pad}{fence}"


def _html(text: str) -> str:
    return escape(text).replace("@", "@<!-- -->")
