"""Limits for templates: output size, loop iterations, calls, and sizes of single values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployer.authoring.text.scalars import is_cut
from deployer.authoring.text.secrets import Mark, MarkUsed, Vault, as_mark
from deployer.core.secret_marks import has_marks

MAX_TEXT = 1_000_000
MAX_ROUNDS = 200_000
MAX_CALLS = 50_000
MAX_BITS = 10_000
MAX_WIDTH = 200

FILTERS = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
]
TEXT_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isdigit",
        "islower",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)
_ESCAPED_MARK = re.compile(r"(?:\\udbb8\\udd[01][0-9a-f])+")
MAP_METHODS = frozenset(("get", "items", "keys", "values"))
CONVERSION = re.compile(r"%(?:\(\w*\))?([^a-zA-Z%]*)[a-zA-Z%]")


class LimitReached(Exception):
    """A template exceeds a limit."""


class CutByYaml(Exception):
    """A template prints a text that YAML would read otherwise where it stands."""


class NotPlain(Exception):
    """A template would turn something into text that is not plain data."""


def plain(value: Any) -> Any:
    """The value. Raises NotPlain for anything but texts, numbers, truth values, null, and lists and maps of these.

    The text of any other object is an accident, and may show what is inside: a function shows what it belongs to.
    Raises LimitReached for a value of too many parts, shared ones counted as often as they are printed.
    """
    if isinstance(value, Iterator) and type(value).__module__ != "jinja2.runtime":  # `loop` iterates, and is no list
        value = list(value)
    for _ in _every_part(value):
        pass
    return value


def _every_part(value: Any) -> Iterator[Any]:
    """The value and what is in it, at any depth; raises as `plain` does."""
    waiting, seen = [value], 0
    while waiting:
        part = waiting.pop()
        yield part
        waiting += _parts(part)
        seen += 1
        if seen + len(waiting) > MAX_ROUNDS:
            raise LimitReached(f"it prints a value of more than {MAX_ROUNDS:,} parts")


def _parts(value: Any) -> Iterable[Any]:
    match value:
        case str() | int() | float() | Mark() | None:
            return ()
        case Mapping():
            return (*value.keys(), *value.values())
        case list() | tuple():
            return value
        case _:
            str(value)  # raises the better error for an undefined name
            raise NotPlain(type(value).__name__)


@dataclass(slots=True)
class Budget:
    """The remaining allowance of one rendering."""

    text: int = MAX_TEXT
    rounds: int = MAX_ROUNDS
    calls: int = MAX_CALLS
    vault: Vault = field(default_factory=Vault)

    def refill(self) -> None:
        """Reset all limits for another rendering."""
        self.text, self.rounds, self.calls = MAX_TEXT, MAX_ROUNDS, MAX_CALLS

    def concat(self, pieces: Iterable[Any]) -> str | Mark:
        """Join pieces of output, counting characters; a Mark if there are marks among them."""
        parts = []
        for piece in pieces:
            part = piece if isinstance(piece, str) else str(plain(piece))
            self._write(len(part))
            parts.append(part)
        return as_mark("".join(parts))

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items of a loop, counting rounds."""
        for item in items:
            self.rounds -= 1
            if self.rounds < 0:
                raise LimitReached(f"its loops run more than {MAX_ROUNDS:,} times")
            yield item

    def range(self, *bounds: int) -> range:
        """Jinja2's `range`. Raises LimitReached if it is too long."""
        numbers = range(*bounds)
        if len(numbers) > MAX_ROUNDS:
            raise LimitReached(f"a range of {len(numbers):,} numbers; at most {MAX_ROUNDS:,} are allowed")
        return numbers

    def call(self) -> None:
        """Count a call of a macro or a function, or an include."""
        self.calls -= 1
        if self.calls < 0:
            raise LimitReached(f"it makes more than {MAX_CALLS:,} calls")

    def _write(self, size: int) -> None:
        self.text -= size
        if self.text < 0:
            raise LimitReached(f"it writes more than {MAX_TEXT:,} characters")

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """The filters that can make text grow, with limits."""
        return {
            "join": self.join,
            "replace": self.replace,
            "indent": self.indent,
            "format": self.format,
            "tojson": self.to_json,
            "b64encode": self.in_base64,
        }

    def join(self, items: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
        """`items | join(", ")`, with `attribute` of each item where one is named."""
        values = items if attribute is None else [item[attribute] for item in items]
        each = list(self.each(values))
        if any(isinstance(item, Mark) for item in each):
            raise MarkUsed
        texts = [str(plain(item)) for item in each]
        self._write(sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)

    def replace(self, text: Any, old: str, new: str, count: int = -1) -> str:
        """`text | replace(old, new)`."""
        before = str(plain(text))
        self._write(len(before) + before.count(old) * len(new))
        return before.replace(old, new, count)

    def indent(self, text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        """`text | indent(2)`: every line but the first, and blank ones, moved to the right."""
        margin = width if isinstance(width, str) else " " * min(width, MAX_WIDTH)
        lines = text.split("\n")
        self._write(len(text) + len(margin) * len(lines))
        moved = [margin + line if (line or blank) and (number or first) else line for number, line in enumerate(lines)]
        return "\n".join(moved)

    def format(self, text: str, *values: Any, **named: Any) -> str:
        """`"%02d" | format(3)`."""
        bounded_format(text)
        return str(text % (plain(named) or plain(values)))

    def to_json(self, value: Any) -> str | Mark:
        """A value as JSON, which is YAML too."""
        import json

        text = json.dumps(plain(value), sort_keys=True, default=lambda mark: self.vault.escaped(mark.text))
        self._write(len(text))
        return as_mark(_ESCAPED_MARK.sub(lambda match: str(json.loads(f'"{match[0]}"')), text))

    def in_base64(self, value: Any) -> str | Mark:
        """A text in base64; of a secret, the mark of that."""
        import base64

        text = str(plain(value))
        return as_mark(self.vault.in_base64(text) if has_marks(text) else base64.b64encode(text.encode()).decode())


def whole(value: Any) -> Any:
    """The value. Raises CutByYaml for a text that is not one value to YAML."""
    if isinstance(value, str) and is_cut(value):
        raise CutByYaml
    return value


def holds_mark(value: Any) -> bool:
    """Whether a value is a secret, or a list or a map with one in it. Raises LimitReached for one of too many parts."""
    if not isinstance(value, Mapping | list | tuple):
        return isinstance(value, Mark)
    return any(isinstance(part, Mark) for part in _every_part(value))


def bounded_operation(operator: str, left: Any, right: Any) -> None:
    """Raise LimitReached if the result of an arithmetic operation would be too large."""
    match operator, left, right:
        case "**", int(), int():
            _check_bits(left.bit_length() * max(right, 0))
        case "*", int(), int():
            _check_bits(left.bit_length() + right.bit_length())
        case ("*", str() | list() | tuple(), int()):
            _check_size(len(left) * right)
        case ("*", int(), str() | list() | tuple()):
            _check_size(left * len(right))
        case ("+", str() | list() | tuple(), str() | list() | tuple()):
            _check_size(len(left) + len(right))
        case "%", str(), _:
            bounded_format(left)
            plain(right)


def bounded_format(text: str) -> None:
    """Raise LimitReached for a format with a large width."""
    for match in CONVERSION.finditer(text):
        if "*" in match[1] or any(int(number) > MAX_WIDTH for number in re.findall(r"\d{1,9}", match[1])):
            raise LimitReached(f"a format wider than {MAX_WIDTH}")


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise LimitReached(f"a number of more than {MAX_BITS:,} bits")


def _check_size(size: int) -> None:
    if size > MAX_TEXT:
        raise LimitReached(f"a value of {size:,} characters or items")
