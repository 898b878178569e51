"""Equal, near, or a part: laws of comparing a JSON answer with what is expected."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deployer.applying.expectation import difference

SCALARS = st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=5)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)


@given(VALUES, st.booleans())
def test_everything_is_as_itself(value: Any, part: bool) -> None:
    assert difference(value, value, part=part) == ""


@given(VALUES, VALUES)
def test_two_values_differ_where_json_says_so(one: Any, other: Any) -> None:
    assert (difference(one, other) == "") == (difference(other, one) == "")
    if difference(one, other) == "":
        assert difference(one, other, part=True) == ""


@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.dictionaries(st.text(max_size=3), VALUES, max_size=4)
)
def test_a_map_with_more_in_it_holds_its_part(part: dict[str, Any], more: dict[str, Any]) -> None:
    assert difference({**more, **part}, part, part=True) == ""
    extra = more.keys() - part.keys()
    assert bool(difference({**more, **part}, part)) == bool(extra)


@given(st.floats(-1e6, 1e6), st.floats(0.001, 100), st.floats(0, 0.99))
def test_numbers_are_near_within_the_tolerance(number: float, tolerance: float, share: float) -> None:
    assert difference(number + tolerance * share, number, tolerance=tolerance) == ""
    assert difference(number + tolerance * 1.01 + 1e-5, number, tolerance=tolerance)


def test_truth_is_no_number_however_deep() -> None:
    assert difference({"a": [True]}, {"a": [1]}) == "`a[0]`: true instead of 1"
    assert difference({"a": [1]}, {"a": [True]}, tolerance=9) == "`a[0]`: 1 instead of true"
    assert difference([1], {"a": 1}) == '[1] instead of {"a": 1}'
