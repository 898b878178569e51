"""Formatting of small pieces of text: values, sizes, times, counts, colours and paragraphs."""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from deployer.core.diff import MISSING, Side
from deployer.core.fingerprint import as_json
from deployer.core.resources import KeyPath, Value

WIDTH = 100
COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
NOT_SET = "(not set)"
LONGEST = 100
LONGEST_LIST = 60
LONGEST_NAME = 250
_CONTEXT = 20
_PLAIN = re.compile(r"[A-Za-z_/.@$][^\s\"'#{}\[\],]*")
_UNNAMED = re.compile(
    r"(?P<head>CliV2AnonymousEnvironment:[0-9a-f]{8})[0-9a-f]{24}\b|\b(?P<model>[0-9a-f]{8})[0-9a-f]{56}(?=:1\b)"
)
_CONTENT = re.compile(r"sha256:[0-9a-f]{16,}")


def styled(text: str, colour: str, *, color: bool) -> str:
    """The text in a colour from `COLOURS` if `color`."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if color and text else text


def wrapped(text: str, width: int, indent: str) -> Sequence[str]:
    """The text in lines of at most `width`; long words are not broken, so that they can be copied."""
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def count(number: int, noun: str) -> str:
    """ "1 file", "4 files"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def scalar(value: Side) -> str:
    """A value as one line of YAML; ambiguous text is quoted."""
    match value:
        case None:
            return NOT_SET
        case "(sensitive)" | "(hidden)":
            return str(value)
        case str() if _PLAIN.fullmatch(value) and value.lower() not in ("true", "false", "null"):
            return value
        case _ if value is MISSING:
            return NOT_SET
        case _:
            return json.dumps(value, ensure_ascii=False, default=as_json)


def pair(before: Side, after: Side, *, full: bool = False) -> tuple[str, str]:
    """Both sides of a change as text; long ones are cut to where they start to differ, with a hash of the whole."""
    old, new = scalar(before), scalar(after)
    if full or max(len(old), len(new)) <= LONGEST:
        return old, new
    same = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    start = max(0, same - _CONTEXT) if NOT_SET not in (old, new) else 0
    return _window(old, start), _window(new, start)


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning with its length and a hash of the whole."""
    return text if len(text) <= longest else _window(text, 0, longest)


def _window(text: str, start: int, longest: int = LONGEST) -> str:
    if len(text) <= longest:
        return text
    piece = text[start : start + longest - 40]
    left, right = ("…" if start else ""), ("…" if start + len(piece) < len(text) else "")
    return f"{left}{piece}{right} ({len(text)} characters, sha256 {_short_hash(text)})"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]


def content(value: Side, source: str, files: Mapping[str, int]) -> str:
    """A content hash with a description: "sha256:ab12cd34… (scoring/, 4 files, 12 KB)"; "" for anything else."""
    if not isinstance(value, str) or not _CONTENT.fullmatch(value):
        return ""
    about = [source] if source else []
    if files:
        about += [count(len(files), "file"), size(sum(files.values()))]
    return f"{value[:15]}…" + (f" ({', '.join(about)})" if about else "")


def narrowed(path: KeyPath, before: Side, after: Side) -> tuple[KeyPath, Side, Side, int]:
    """Two lists without their common items, and the number of those; descends into a single differing map.

    In a conda file, where packages are nested in lists and maps, this finds the changed package.
    """
    match before, after:
        case list() | tuple(), list() | tuple():
            old, new = _without(before, after), _without(after, before)
            common = len(after) - len(new)
            inner = _inner(old, new)
            return narrowed((*path, inner[0]), *inner[1:]) if inner else (path, old, new, common)
        case _:
            return path, before, after, 0


def opened(path: KeyPath, value: Side) -> Iterator[tuple[KeyPath, Side]]:
    """A new value in readable pieces: maps by key, and lists that are too long for a line by element."""
    match value:
        case list() | tuple() if len(scalar(value)) > LONGEST_LIST:
            for item in value:
                yield from opened(path, item)
        case Mapping() if value:
            for key, item in value.items():
                yield from opened((*path, key), item)
        case _:
            yield path, value


def _inner(old: Sequence[Value], new: Sequence[Value]) -> tuple[str, Value, Value] | None:
    """The key and both values if each list contains a single map with that one key."""
    match old, new:
        case [Mapping() as before], [Mapping() as after] if len(before) == 1 and before.keys() == after.keys():
            key = next(iter(before))
            return key, before[key], after[key]
        case _:
            return None


def _without(items: Sequence[Value], others: Sequence[Value]) -> list[Value]:
    left = list(others)
    kept = []
    for item in items:
        if item in left:
            left.remove(item)
        else:
            kept.append(item)
    return kept


def size(bytes_: int) -> str:
    """A number of bytes: "512 bytes", "12 KB", "3.4 MB"."""
    if bytes_ < 1000:
        return count(bytes_, "byte")
    amount, unit = (bytes_ / 1000, "KB") if bytes_ < 999_500 else (bytes_ / 1_000_000, "MB")
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def seconds(number: float) -> str:
    """A time span: "0.4 s", "12 s", "5 min", "1 h 20 min"."""
    if number < 0.05:
        return "<0.1 s"
    if number < 10:
        return f"{number:.1f} s".replace(".0 s", " s")
    whole = round(number)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def age(number: float) -> str:
    """A time span in its largest unit: "12 s", "5 min", "3 h", "40 d"."""
    for limit, unit, size in ((60, "s", 1), (3600, "min", 60), (2 * 86_400, "h", 3600)):
        if number < limit:
            return f"{max(int(number // size), 0)} {unit}"
    return f"{int(number // 86_400)} d"


def milliseconds(number: float) -> str:
    """A latency: "4.2 ms", "120 ms", "1.4 s"."""
    if number < 10:
        return f"{number:.1f} ms"
    return f"{number:.0f} ms" if number < 1000 else f"{number / 1000:.1f} s"


def rate(number: float) -> str:
    """A fraction from 0 to 1 in percent: "0.5 %"."""
    return f"{number * 100:.3g} %"


def with_short_names(text: str) -> str:
    """The text with the names of assets without one, which are hashes, cut to their first eight digits."""
    return _UNNAMED.sub(lambda found: f"{found['head'] or found['model']}…", text)


def joined(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def short_commit(noted: str) -> str:
    """A commit in as many characters as git prints, "abc1234 (dirty)" for "<hash>-dirty"."""
    name, _, dirty = noted.partition("-")
    return f"{name[:7]} (dirty)" if dirty else name[:7]
