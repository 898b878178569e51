"""Texts that stand in YAML without quotes: those that YAML would cut or read otherwise are known."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deployer.authoring.text.parse import parse
from deployer.authoring.text.scalars import ON_PURPOSE, is_cut, whole_scalars
from deployer.core.errors import SpecError

PIECES = st.lists(st.sampled_from([*" #:-*&!@%`|>?,[]{}'\"\\\n\t~=<ab1", ": ", " #", "null", "\x85", "\u2028", "\r"]))


@given(PIECES.map("".join))
@example("a #b")
@example("a: b")
@example(" a")
@example("a ")
@example("- a")
@example("a\tb: ")
def test_a_text_that_is_not_cut_is_read_as_it_is_or_refused(text: str) -> None:
    if is_cut(text) or text.startswith(ON_PURPOSE):
        return
    try:
        parsed = parse(f"key: {text}\n", "f")
    except SpecError:
        return
    assert parsed.faults or parsed.data == {"key": text} or parsed.sources.get(("key",)) == text


@pytest.mark.parametrize(
    "text", ["a #b", "a: b", "*a", "&a b", "!a b", "@a", "%a", "`a`", "| a", "> a", "a:", "#a", "a\nb"]
)
def test_what_yaml_reads_otherwise_is_cut(text: str) -> None:
    assert is_cut(text)


@pytest.mark.parametrize(
    "text", ["a", "a#b", "a:b", "https://a/b", "[a: b]", "{a: b}", '"a #b"', "\n  a: b", "1", "a-b", ""]
)
def test_what_yaml_reads_as_it_is_or_on_purpose_is_not(text: str) -> None:
    assert not is_cut(text)


@pytest.mark.parametrize(
    ("template", "lines"),
    [
        ("a: {{ x }}\nb: {{ x }} # said\n- {{ x }}\n- c: {{ {'a': 1} }}\n", {1, 2, 3, 4}),
        ("{{ x }}\n  {{ x }}\na: b {{ x }}\na: \"{{ x }}\"\na: '{{ x }}'\na: {{ x }}{{ x }}\na: [{{ x }}]\n", set()),
        ("a: |\n  b: {{ x }}\n\n  c: {{ x }}\nd: {{ x }}\n", {5}),
        ("a: >-\n  b: {{ x }}\n- |\n  b: {{ x }}\n", set()),
        ("a:\n  b: {{ x }}\n", {2}),
    ],
)
def test_whole_values_are_found_by_their_lines(template: str, lines: set[int]) -> None:
    assert whole_scalars(template) == lines
