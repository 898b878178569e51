"""Our tags: they come back as they were written, fit into tags, and are nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.azureml.bookkeeping import Notes, read_notes, tags_of, visible
from tests.unit.azureml import fields

splits = st.dictionaries(
    st.from_regex(r"[a-z][-a-z0-9]{1,30}[a-z0-9]", fullmatch=True), st.integers(1, 100), max_size=20
)
notes = st.builds(
    Notes,
    project=fields.names,
    code=st.just(f"sha256:{'ab' * 32}"),
    code_id=fields.names.map("{}:1".format),
    sent=st.dictionaries(fields.names, st.integers() | fields.words, max_size=3),
    previous=splits,
    rollout=st.sampled_from(["", "0123456789abcdef:50"]),
    protected=st.booleans(),
)


@pytest.mark.slow
@given(notes)
def test_what_is_noted_is_read(noted: Notes) -> None:
    tags = tags_of(noted)
    assert read_notes(tags) == noted
    assert all(0 < len(value) <= 256 for value in tags.values())
    assert visible({**tags, "team": "a"}) == {"team": "a"}


def test_the_longest_split_that_azure_allows_fits() -> None:
    longest = {f"deployment-with-a-long-name-{number:04}": 5 for number in range(20)}
    assert all(len(name) == 32 for name in longest)
    assert read_notes(tags_of(Notes(previous=longest))).previous == longest


def test_what_does_not_fit_is_left_out_and_not_cut_off() -> None:
    assert read_notes(tags_of(Notes(sent={"a": "x" * 2000}))) == Notes()


def test_tags_that_somebody_else_wrote_say_nothing() -> None:
    assert read_notes({"deployer-sent": "[1", "deployer-previous-1": "blue;=;x=y"}) == Notes()
