"""What a fault is: for a node of the syntax tree, the nodes that could stand there by mistake.

Operators whose faults are often none (another message, another type annotation, `strict=True` left out) are not here.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping

Swaps = Mapping[type[ast.AST], tuple[type[ast.AST], ...]]

COMPARISONS: Swaps = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: Swaps = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}

HARMLESS_KEYWORDS = frozenset(
    {"hint", "message", "detail", "summary", "reason", "words", "help", "label"}
    | {"strict", "encoding", "errors", "daemon", "flush", "max_workers", "stacklevel", "slots", "frozen", "kw_only"}
)
"""Left out, they change wording, speed or nothing."""

HARMLESS_CALLS = frozenset({"assert_never", "debug", "info", "warning", "exception", "flush", "close"})

SYMMETRIC = frozenset({"isinstance", "issubclass", "max", "min"})

LOOKUPS = frozenset({"get", "pop", "startswith", "endswith", "removeprefix", "removesuffix", "split", "partition"})
"""Methods whose first string is a key or a mark, and no message."""

NAME_LIKE = re.compile(r"[\w.:/-]+")


def alternatives(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """What could stand for an expression by mistake."""
    match node:
        case ast.Constant():
            yield from _constants(node, parent)
        case ast.Call():
            yield from _calls(node)
        case ast.Tuple() if isinstance(parent, ast.Subscript):
            return
        case ast.Tuple() | ast.List() | ast.Dict() | ast.Set() | ast.comprehension():
            yield from _emptied(node)
        case _:
            yield from _swapped(node)


def _swapped(node: ast.AST) -> Iterator[ast.AST]:
    """Another operator, or none, or the branches the other way round."""
    match node:
        case ast.Compare(ops=[operator]):
            for swapped in COMPARISONS[type(operator)]:
                yield _with(node, ops=[swapped()])
        case ast.BoolOp(op=operator):
            yield _with(node, op=ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.BinOp(op=operator) if not _is_type(node):
            for swapped in ARITHMETIC.get(type(operator), ()):
                yield _with(node, op=swapped())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.IfExp() if not isinstance(node.test, ast.Compare | ast.UnaryOp):
            yield _with(node, body=node.orelse, orelse=node.body)
        case _:
            return


def _emptied(node: ast.AST) -> Iterator[ast.AST]:
    """A display without its elements, a comprehension without its conditions."""
    match node:
        case ast.Tuple() | ast.List() if node.elts and isinstance(node.ctx, ast.Load):
            yield _with(node, elts=[])
        case ast.Dict(keys=[_, *_]):
            yield _with(node, keys=[], values=[])
        case ast.Set():
            yield ast.Call(func=ast.Name(id="set", ctx=ast.Load()), args=[], keywords=[])
        case ast.comprehension(ifs=[_, *_]):
            yield _with(node, ifs=[])
        case _:
            return


def _constants(node: ast.Constant, parent: ast.AST) -> Iterator[ast.AST]:
    match node.value:
        case bool():
            yield ast.Constant(not node.value)
        case int() | float():
            yield ast.Constant(node.value + 1)
            if node.value >= 1:
                yield ast.Constant(node.value - 1)
        case str() if _is_key(node, parent):
            yield ast.Constant(f"{node.value}?")


def _is_key(node: ast.Constant, parent: ast.AST) -> bool:
    """Whether a string is compared or looked up, and not shown."""
    match parent:
        case ast.Compare() | ast.Subscript() | ast.MatchValue():
            return True
        case ast.Dict(keys=keys):
            return node in keys
        case ast.Set():
            return bool(NAME_LIKE.fullmatch(str(node.value)))
        case ast.Call(func=ast.Attribute(attr=name), args=[first, *_]):
            return name in LOOKUPS and node is first
        case _:
            return False


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    differ = len(node.args) >= 2 and ast.dump(node.args[0]) != ast.dump(node.args[1])
    if differ and _called(node) not in SYMMETRIC and not isinstance(node.args[0], ast.Starred):
        yield _with(node, args=[node.args[1], node.args[0], *node.args[2:]])
    for keyword in node.keywords:
        if keyword.arg and keyword.arg not in HARMLESS_KEYWORDS:
            yield _with(node, keywords=[other for other in node.keywords if other is not keyword])


def faulty_statements(node: ast.stmt, returns: ast.expr | None) -> Iterator[ast.stmt]:
    """What could stand for a statement by mistake; `returns` is the annotation of the function it is in."""
    match node:
        case ast.Expr(value=ast.Call() as call) if _called(call) not in HARMLESS_CALLS:
            yield ast.Pass()
        case ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Continue():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value):
            other = _nothing(returns, value)
            if ast.dump(other) != ast.dump(value):
                yield ast.Return(value=other)
        case ast.If() | ast.While() if not isinstance(node.test, ast.Compare | ast.UnaryOp | ast.Constant):
            node = copy.copy(node)
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
            yield node


def _nothing(returns: ast.expr | None, value: ast.expr) -> ast.expr:
    """The emptiest value that a function with this annotation may return."""
    match returns:
        case ast.Name(id="bool"):
            return value.operand if isinstance(value, ast.UnaryOp) else ast.UnaryOp(op=ast.Not(), operand=value)
        case ast.Name(id="str" | "int" | "float" | "bytes" as name):
            return ast.Constant(_EMPTY[name])
        case ast.Subscript(value=ast.Name(id="tuple" | "list" | "dict" | "frozenset" | "set" as name)):
            return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[], keywords=[])
        case _:
            return ast.Constant(None)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_type(node: ast.BinOp) -> bool:
    """Whether this is `A | B` of types."""
    sides = (node.left, node.right)
    none = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
    named = all(isinstance(side, ast.Name) and (side.id[0].isupper() or side.id in _TYPES) for side in sides)
    return isinstance(node.op, ast.BitOr) and (none or named or any(isinstance(side, ast.Subscript) for side in sides))


_EMPTY: Mapping[str, str | int | float | bytes] = {"str": "", "int": 0, "float": 0.0, "bytes": b""}
_TYPES = frozenset({"str", "int", "float", "bool", "bytes", "dict", "list", "tuple"})


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
