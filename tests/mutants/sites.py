"""All faults that a module can have, in the order of its text, and the module with one of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.mutants.operators import HARMLESS_KEYWORDS, alternatives, faulty_statements

UNTOUCHED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "bases", "type_params", "ctx", "op", "ops"})
UNTOUCHED_FUNCTIONS = frozenset({"__repr__", "__str__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Where a node stands: its scope by name, the scope's node, the statement, and what its function returns."""

    scope: str = ""
    function: ast.FunctionDef | None = None
    names: tuple[str, ...] = ()
    statement: ast.stmt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One fault: `before` becomes `after` once `put` was called. `lines` are those that a test of it executes.

    Where they are executed at import, `names` are those that the statement gives a value.
    """

    line: int
    lines: frozenset[int]
    scope: str
    names: tuple[str, ...]
    before: str
    after: str
    put: Callable[[], None]


def sites(tree: ast.Module) -> Iterator[Site]:
    """Every fault of a module; the same ones in the same order each time."""
    yield from _below(tree, Within())


def with_fault(source: str, number: int) -> ast.Module:
    """A module with the fault of that number put in."""
    tree = ast.parse(source)
    for count, site in enumerate(sites(tree)):
        if count == number:
            site.put()
            return ast.fix_missing_locations(tree)
    raise IndexError(f"there is no fault {number}")


def _below(node: ast.AST, within: Within) -> Iterator[Site]:
    for name, value in ast.iter_fields(node):
        if name in UNTOUCHED_FIELDS:
            continue
        if isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, ast.AST):
                    yield from _at(child, node, _into_list(value, index), within)
        elif isinstance(value, ast.AST):
            yield from _at(value, node, _into_field(node, name), within)


def _at(node: ast.AST, parent: ast.AST, put: Callable[[ast.AST], None], within: Within) -> Iterator[Site]:
    if _is_untouched(node):
        return
    within = _entered(node, within)
    returns = within.function.returns if within.function else None
    others = faulty_statements(node, returns) if isinstance(node, ast.stmt) else alternatives(node, parent)
    for other in others:
        yield Site(
            line=_line(node, within),
            lines=_lines(node, within),
            scope=within.scope,
            names=within.names,
            before=_text(node),
            after=_text(other),
            put=_put(put, other, node),
        )
    yield from _below(node, within)


def _is_untouched(node: ast.AST) -> bool:
    """Docstrings, messages, imports, and what only a type checker reads."""
    match node:
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.FunctionDef(name=name):
            return name in UNTOUCHED_FUNCTIONS
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.keyword(arg=str() as name):
            return name in HARMLESS_KEYWORDS
        case ast.ClassDef(bases=bases):
            return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases)
        case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec" | "cast")):
            return True
        case _:
            return False


def _entered(node: ast.AST, within: Within) -> Within:
    match node:
        case ast.FunctionDef(name=name):
            inner = within.function is None
            return replace(
                within,
                scope=f"{within.scope}.{name}".lstrip("."),
                function=node if inner else within.function,
                statement=node,
            )
        case ast.ClassDef(name=name):
            return replace(within, scope=f"{within.scope}.{name}".lstrip("."), names=(name,), statement=node)
        case ast.stmt():
            names = within.names if within.function else (*within.names, *_assigned(node))
            return replace(within, statement=node, names=names)
        case _:
            return within


def _assigned(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            return


def _lines(node: ast.AST, within: Within) -> frozenset[int]:
    """The lines that run when the node is evaluated in a function; none where that is at import."""
    if within.function is None or within.statement is None:
        return frozenset()
    if within.statement is within.function:
        return frozenset(range(within.function.body[0].lineno, (within.function.end_lineno or 0) + 1))
    first = _line(node, within)
    return frozenset({within.statement.lineno, *range(first, max(first, _last_line(node)) + 1)})


def _last_line(node: ast.AST) -> int:
    """The last line of a node; of a compound statement, of its head: `if (` on a line alone is no line that runs."""
    match node:
        case ast.If(test=head) | ast.While(test=head):
            return head.end_lineno or 0
        case ast.expr(end_lineno=int(last)) | ast.stmt(end_lineno=int(last)):
            return last
        case _:
            return 0


def _line(node: ast.AST, within: Within) -> int:
    match node:
        case ast.expr(lineno=line) | ast.stmt(lineno=line):
            return line
        case ast.comprehension(iter=source):
            return source.lineno
        case _:
            return within.statement.lineno if within.statement else 1


def _text(node: ast.AST) -> str:
    """One line of a node; a compound statement is its head."""
    lines = ast.unparse(ast.fix_missing_locations(node)).strip().split("\n")
    return " ".join(lines[0].split())


def _into_list(items: list[ast.AST], index: int) -> Callable[[ast.AST], None]:
    def put(node: ast.AST) -> None:
        items[index] = node

    return put


def _into_field(parent: ast.AST, name: str) -> Callable[[ast.AST], None]:
    def put(node: ast.AST) -> None:
        setattr(parent, name, node)

    return put


def _put(put: Callable[[ast.AST], None], other: ast.AST, node: ast.AST) -> Callable[[], None]:
    def do() -> None:
        put(ast.copy_location(other, node) if isinstance(node, ast.expr | ast.stmt) else other)

    return do
