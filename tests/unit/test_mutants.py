"""The faults that `make mutants` puts in are faults, and stand where they are said to."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch

import pytest

from tests.mutants.accepted import accepted
from tests.mutants.places import CAREFUL, files
from tests.mutants.sites import Site, sites, with_fault
from tests.mutants.testing import ROOT

SOURCE = '''
"""A docstring with the number 7."""

LIMIT = 20


def too_many(count: int = 1, *, strict: bool = False) -> bool:
    """Whether there are more than allowed."""
    if strict and count:
        raise ValueError(f"{count + 1} is too many")
    return not count <= LIMIT
'''


def found(source: str) -> dict[str, Site]:
    return {f"{site.before} -> {site.after}": site for site in sites(ast.parse(source))}


@pytest.mark.parametrize(
    "change",
    [
        "20 -> 21",
        "20 -> 19",
        "1 -> 2",
        "False -> True",
        "strict and count -> strict or count",
        "if strict and count: -> if not (strict and count):",
        "count <= LIMIT -> count < LIMIT",
        "not count <= LIMIT -> count <= LIMIT",
        "return not count <= LIMIT -> return count <= LIMIT",
    ],
)
def test_each_kind_of_fault_is_made(change: str) -> None:
    assert change in found(SOURCE)


def test_no_fault_is_in_a_message_a_docstring_or_an_annotation() -> None:
    assert not [change for change in found(SOURCE) if "7" in change or "count - 1" in change or "int" in change]


def test_the_module_with_a_fault_differs_in_that_place_alone() -> None:
    for number, site in enumerate(sites(ast.parse(SOURCE))):
        before, after = (ast.unparse(tree).split("\n") for tree in (ast.parse(SOURCE), with_fault(SOURCE, number)))
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 1, site.before


def test_a_fault_at_import_says_which_name_it_is_about_and_one_in_a_function_which_lines_run() -> None:
    assert (found(SOURCE)["20 -> 21"].names, found(SOURCE)["20 -> 21"].lines) == (("LIMIT",), frozenset())
    assert found(SOURCE)["count <= LIMIT -> count < LIMIT"].lines == {11}
    assert found(SOURCE)["1 -> 2"].lines == {8, 9, 10, 11}


def test_what_may_not_go_unnoticed_is_there() -> None:
    known = set(files())
    for pattern, functions in CAREFUL.items():
        matching = [file for file in known if fnmatch(file.as_posix(), pattern)]
        scopes = {site.scope for file in matching for site in sites(ast.parse((ROOT / file).read_text()))}
        assert any(re.fullmatch(functions, scope) for scope in scopes), pattern


def test_what_is_accepted_is_in_the_code_and_has_a_reason() -> None:
    for entry in accepted():
        there = [site for site in sites(ast.parse((ROOT / entry.file).read_text())) if site.scope == entry.scope]
        assert (entry.before, entry.after) in {(site.before, site.after) for site in there}, entry
        assert len(entry.reason) > 20, entry


def test_an_accepted_fault_is_read_from_its_five_lines() -> None:
    (entry,) = accepted("# about\n\ndeployer/core/plan.py\nf\na < b\na <= b\nthey are never the same\n")
    assert (entry.file, entry.scope, entry.before, entry.after) == ("deployer/core/plan.py", "f", "a < b", "a <= b")
