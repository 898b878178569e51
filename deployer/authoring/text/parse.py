"""Rendered text -> plain data, and the place of every key and value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from deployer.authoring.text.encoding import failure
from deployer.authoring.text.scalars import LEADING_ZERO, resolve
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError
from deployer.core.resources import Value
from deployer.core.secret_marks import has_marks

Path = tuple[str | int, ...]

MAX_DEPTH = 60
MAX_NODES = 100_000
MAX_COPIES = 1_000_000
MAX_FAULTS = 100
SURELY_SHALLOW = 1_000
PLAIN = "plain"
TEXT_TAG = "tag:yaml.org,2002:str"
TYPED_TAGS = frozenset({f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")})


@dataclass(slots=True, kw_only=True)
class Parsed:
    """The data of one YAML document and its places in the text.

    `values` and `keys` hold lines and columns from 1 (items of lists have no key), `sources` the original text of
    scalars that are not text, `zeros` the paths of plain numerals with a leading zero, which stay text, `inner` the
    paths of maps and lists, `quoted` those of double-quoted scalars with marks of secrets in them. YAML nodes are not
    kept, because thousands of them would slow down garbage collection.
    """

    file: str
    data: Value = None
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    sources: dict[Path, str] = field(default_factory=dict)
    zeros: list[Path] = field(default_factory=list)
    inner: set[Path] = field(default_factory=set)
    quoted: set[Path] = field(default_factory=set)
    faults: list[Diagnostic] = field(default_factory=list)
    count: int = 0
    copied: int = 0

    def line_column(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """The line and column (from 1) of the value or the key at a path, or at its nearest written parent."""
        while path and path not in self.values:
            path, key = path[:-1], True
        value = self.values.get(path, (1, 1))
        return self.keys.get(path, value) if key or path in self.inner else value

    def note(self, path: Path, key: Node | None, value: Node) -> None:
        """Record the places of a key and its value."""
        self.values[path] = _position(value)
        if key is not None:
            self.keys[path] = _position(key)
        if not isinstance(value, ScalarNode):
            self.inner.add(path)

    def forget(self, path: Path) -> None:
        """Drop the place and the original text of a path whose value was replaced."""
        self.values.pop(path, None)
        self.sources.pop(path, None)


class _Composer(CParser):
    """libyaml's parser; unquoted scalars without a tag are marked as plain, not resolved by YAML 1.1."""

    def resolve(self, kind: type[Node], _value: str | None, implicit: Any) -> str:
        return PLAIN if kind is ScalarNode and implicit[0] else TEXT_TAG

    def descend_resolver(self, _parent: Node | None, _index: Any) -> None:
        """Overridden for speed: PyYAML tracks paths here for path-dependent tags, and we have none."""

    def ascend_resolver(self) -> None:
        """See `descend_resolver`."""


def parse(text: str, file: str) -> Parsed:
    """Parse the one document in a text; `data` is None if it is empty.

    Raises SpecError if it cannot be parsed; `faults` holds other problems (duplicate keys, tags).
    """
    parsed = Parsed(file=file)
    _check_characters(text, file)
    try:
        _check_depth(text, file)
        root = _Composer(text).get_single_node()
    except yaml.YAMLError as error:
        raise SpecError([_syntax(error, text, file)]) from None
    if root is not None:
        parsed.data = _value(root, (), parsed, ())
        parsed.note((), None, root)
    return parsed


def _check_characters(text: str, file: str) -> None:
    """Raise SpecError for lone surrogates, which a template can produce but no file can contain."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line, column = _character(text, error.start)
        place = Location(file=file, line=line, column=column)
        raise failure("yaml-syntax", "a lone surrogate is not a valid character", place) from None


def _check_depth(text: str, file: str) -> None:
    """Raise SpecError for deep nesting before libyaml recurses: 100,000 levels would crash the process."""
    longest = max(map(len, text.split("\n")), default=0)
    if text.count("[") + text.count("{") + longest < SURELY_SHALLOW:
        return
    depth = 0
    parser = _Composer(text)
    while parser.check_event():
        event: Any = parser.get_event()
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            _too_deep(Location(file=file, line=event.start_mark.line + 1, column=event.start_mark.column + 1))


def _too_deep(place: Location) -> NoReturn:
    raise failure("yaml-depth", f"nested deeper than {MAX_DEPTH} levels", place, "No spec needs that: flatten it.")


def _value(node: Node, path: Path, parsed: Parsed, parents: tuple[int, ...]) -> Value:
    parsed.count += 1
    if id(node) in parents:
        raise failure("yaml-alias-bomb", "an alias contains itself", _place(node, parsed.file), "Write the values out.")
    if parsed.count > MAX_NODES:
        raise _too_many(path, node, parsed)
    if len(path) > MAX_DEPTH:
        _too_deep(_place(node, parsed.file))
    match node:
        case ScalarNode():
            return _scalar(node, path, parsed)
        case SequenceNode():
            _check_tag(node, parsed)
            inside = (*parents, id(node))
            return [_item(item, (*path, index), parsed, inside) for index, item in enumerate(node.value)]
        case MappingNode():
            _check_tag(node, parsed)
            return _mapping(node, path, parsed, (*parents, id(node)))
    raise TypeError(f"libyaml composed a {type(node).__name__}")


def _too_many(path: Path, node: Node, parsed: Parsed) -> SpecError:
    """The error for too many values, at the key whose aliases exceed the limit."""
    while path and not isinstance(path[-1], str):
        path = path[:-1]
    summary = f"aliases expand the document to more than {MAX_NODES:,} values"
    line, column = parsed.keys.get(path, _position(node))
    place = Location(file=parsed.file, line=line, column=column)
    return failure("yaml-alias-bomb", summary, place, "Write the values out.")


def _item(node: Node, path: Path, parsed: Parsed, parents: tuple[int, ...]) -> Value:
    parsed.note(path, None, node)
    return _value(node, path, parsed, parents)


def _scalar(node: ScalarNode, path: Path, parsed: Parsed) -> Value:
    if node.style == '"' and has_marks(node.value):
        parsed.quoted.add(path)
    if node.tag == TEXT_TAG:
        return str(node.value)
    if node.tag != PLAIN and node.tag not in TYPED_TAGS:
        _unknown_tag(node, parsed)
        return str(node.value)
    value = resolve(node.value)
    if not isinstance(value, str):
        parsed.sources[path] = str(node.value)
    if isinstance(value, str) and LEADING_ZERO.fullmatch(value):
        parsed.zeros.append(path)
    return value


def _mapping(node: MappingNode, path: Path, parsed: Parsed, parents: tuple[int, ...]) -> dict[str, Value]:
    """A map with its own keys and those merged by `<<`; its own keys win."""
    result: dict[str, Value] = {}
    merged: list[Node] = []
    for key_node, value_node in node.value:
        key = _key(key_node, parsed)
        if key == "<<" and key_node.tag == PLAIN:
            merged += value_node.value if isinstance(value_node, SequenceNode) else [value_node]
        elif key in result:
            _duplicate(key, key_node, parsed.keys[(*path, key)][0], parsed)
        else:
            parsed.note((*path, key), key_node, value_node)
            result[key] = _value(value_node, (*path, key), parsed, parents)
    for other in merged:
        result = _merge(other, result, path, parsed, parents)
    return result


def _merge(
    other: Node, result: dict[str, Value], path: Path, parsed: Parsed, parents: tuple[int, ...]
) -> dict[str, Value]:
    """A map with the keys of another one merged in; its own keys win."""
    if not isinstance(other, MappingNode):
        raise failure("yaml-syntax", "`<<` needs a map, or a list of maps", _place(other, parsed.file))
    apart = Parsed(file=parsed.file, count=parsed.count, copied=parsed.copied)
    taken = _mapping(other, path, apart, parents)
    parsed.count, parsed.copied = apart.count, apart.copied + len(apart.values)
    if parsed.copied > MAX_COPIES:
        raise _too_many(path, other, parsed)
    _take_over(apart, parsed, lambda at: at[len(path)] not in result)
    return {**taken, **result}


def _take_over(apart: Parsed, parsed: Parsed, wanted: Callable[[Path], bool]) -> None:
    """Copy the places of the merged keys."""
    parsed.values |= {at: place for at, place in apart.values.items() if wanted(at)}
    parsed.keys |= {at: place for at, place in apart.keys.items() if wanted(at)}
    parsed.sources |= {at: text for at, text in apart.sources.items() if wanted(at)}
    parsed.inner |= {at for at in apart.inner if wanted(at)}
    parsed.quoted |= {at for at in apart.quoted if wanted(at)}


def _key(node: Node, parsed: Parsed) -> str:
    if isinstance(node, ScalarNode):
        return str(node.value)
    raise failure("yaml-syntax", "a key must be plain text, not a list or a map", _place(node, parsed.file))


def _duplicate(key: str, node: Node, line: int, parsed: Parsed) -> None:
    _fault(
        "yaml-duplicate-key", f"`{key}` appears twice; the first is on line {line}", "Remove one of them.", node, parsed
    )


def _check_tag(node: Node, parsed: Parsed) -> None:
    if node.tag != TEXT_TAG and node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
        _unknown_tag(node, parsed)


def _unknown_tag(node: Node, parsed: Parsed) -> None:
    _fault("yaml-tag", f"the tag {node.tag} is not supported", "Remove the tag.", node, parsed)


def _fault(code: str, summary: str, detail: str, node: Node, parsed: Parsed) -> None:
    if len(parsed.faults) >= MAX_FAULTS:
        return
    place = _place(node, parsed.file)
    parsed.faults.append(Diagnostic(severity=Severity.ERROR, code=code, summary=summary, location=place, detail=detail))


def _place(node: Node, file: str) -> Location:
    line, column = _position(node)
    return Location(file=file, line=line, column=column)


def _position(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


SYNTAX_HINTS: Mapping[str, str] = {
    "could not find expected ':'": "A key needs a colon and a space after it.",
    "mapping values are not allowed": "Put text that contains `: ` in quotes, and indent all keys of a map equally.",
    "cannot start any token": "Indent with spaces, not tabs, and quote text that starts with @, `, % or &.",
    "did not find expected ','": "Close every bracket, and separate items with commas.",
    "did not find expected key": "Indent all keys of a map equally, and close every bracket.",
    "undefined alias": "An alias (*name) needs an anchor (&name) before it.",
    "unexpected end": "Close every quote and bracket.",
    "another document": "Write one document per file.",
}


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    """An error of libyaml as a diagnostic."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else _character(text, getattr(error, "position", 0))
    several = "expected a single document" in str(error)
    hint = next((hint for part, hint in SYNTAX_HINTS.items() if part in str(error)), "")
    return Diagnostic(
        severity=Severity.ERROR,
        code="yaml-documents" if several else "yaml-syntax",
        summary="more than one YAML document in one file" if several else f"not valid YAML: {problem}",
        location=Location(file=file, line=line, column=column),
        detail="Write one document per file." if several else hint,
    )


def _character(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
