"""What a template may not say, and what is counted in it, before Jinja2 compiles it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from deployer.authoring.text.bounds import MAP_METHODS, TEXT_METHODS

FUNCTIONS: Mapping[str, str] = {
    "env_var": "env_var('NAME')",
    "secret": "secret('NAME')",
    "range": "range(3)",
    "dict": "dict(a=1)",
    "namespace": "namespace(a=1)",
}
"""The functions of templates, with a call of each."""


class NotCalled(jinja2.TemplateSyntaxError):
    """A function is used without calling it: printed, it would show the environment of this process."""


def check_called(source: nodes.Template, file: str | None) -> None:
    """Raise NotCalled for a function of ours that a template names without calling it."""
    called = {id(call.node) for call in source.find_all(nodes.Call)}
    for found in source.find_all(nodes.Name):
        if found.name in FUNCTIONS and found.ctx == "load" and id(found) not in called:
            raise NotCalled(found.name, found.lineno, file)


class Counted(NodeTransformer):
    """Counts the rounds of loops and the characters of `~`, which Jinja2 alone would also turn into plain text.

    On the lines `whole`, what is printed is checked for being one value to YAML.
    """

    def __init__(self, whole: frozenset[int]) -> None:
        self.whole = whole

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """Printed values."""
        self.generic_visit(node)
        node.nodes = [_filtered(each, "_whole") if self._is_whole(each) else each for each in node.nodes]
        return node

    def _is_whole(self, node: nodes.Expr) -> bool:
        return node.lineno in self.whole and not isinstance(node, nodes.TemplateData) and not _calls_a_macro(node)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """A loop over counted items."""
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "_each")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """Joined text, which stays a Mark where it has a secret in it."""
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), "_glued")


def _calls_a_macro(node: nodes.Expr) -> bool:
    """Whether a macro prints this, which may print YAML."""
    if isinstance(node, nodes.Filter):
        return node.node is not None and _calls_a_macro(node.node)
    if not isinstance(node, nodes.Call):
        return False
    called = node.node
    name = called.name if isinstance(called, nodes.Name) else called.attr if isinstance(called, nodes.Getattr) else ""
    return name not in FUNCTIONS and name not in TEXT_METHODS and name not in MAP_METHODS


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
