"""Our tags: they come back as they were written, fit into tags, and are nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.azureml.bookkeeping import Notes, read_notes, tags_of, visible
from deployer.azureml.kinds.deployment import notes_of
from deployer.core.bookkeeping import Earlier, Revision
from deployer.core.resources import Value
from deployer.planning.revisions import LONGEST_NAME
from deployer.planning.tag_room import deployment_tags
from tests.build import deployment
from tests.unit.azureml import fields

splits = st.dictionaries(
    st.from_regex(r"[a-z][-a-z0-9]{1,30}[a-z0-9]", fullmatch=True), st.integers(1, 100), max_size=20
)
verdicts = st.dictionaries(
    st.from_regex(r"[a-z][-a-z0-9]{1,30}[a-z0-9]", fullmatch=True), st.just("1.0123456789ab.0123456789ab"), max_size=20
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
    commit=st.sampled_from(["", "0" * 40, f"{'f' * 64}-dirty"]),
    tested=verdicts,
    failed=verdicts,
    earlier=st.none()
    | st.builds(
        Earlier,
        model=st.just("azureml:digits:1"),
        environment=st.sampled_from(["", "azureml:sklearn:3"]),
        others=st.sampled_from([(), ("environment_variables.A", "request_settings.request_timeout_ms")]),
    ),
)

paths = st.none() | st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=100)
data = st.none() | st.fixed_dictionaries({"name": fields.names, "version": st.just("1"), "path": paths})
collections = st.dictionaries(
    fields.names, st.fixed_dictionaries({"enabled": st.just("true"), "data": data}), max_size=6
)
collectors = st.fixed_dictionaries(
    {
        "data_collector": st.none() | st.fixed_dictionaries({"collections": collections}),
        "request_settings": st.fixed_dictionaries({"max_queue_wait_ms": st.integers(0, 10**6)}),
        "environment_variables": st.dictionaries(st.sampled_from(["AML_APP_ROOT", "A"]), st.just("/x"), max_size=2),
    }
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


def test_the_verdicts_on_all_deployments_of_an_endpoint_fit() -> None:
    verdicts = {f"deployment-with-a-long-name-{number:04}": "1.0123456789ab.0123456789ab" for number in range(20)}
    noted = Notes(tested=verdicts, failed=verdicts)
    assert read_notes(tags_of(noted)) == noted


@pytest.mark.parametrize(
    ("earlier", "tags"),
    [
        (Earlier(model="azureml:digits:1"), {"deployer-before-model": "azureml:digits:1"}),
        (Earlier(code="sha256:ab c:1"), {"deployer-before-code": "sha256:ab c:1"}),
        (
            Earlier(environment="azureml:e:1", others=("a.b",)),
            {"deployer-before-environment": "azureml:e:1", "deployer-before-others": '["a.b"]'},
        ),
    ],
)
def test_what_a_deployment_ran_before_has_a_tag_a_part(earlier: Earlier, tags: dict[str, str]) -> None:
    assert tags_of(Notes(earlier=earlier)) == tags
    assert read_notes(tags).earlier == earlier


def test_what_was_rolled_back_of_all_deployments_of_an_endpoint_fits() -> None:
    held = {f"logical-name-{number:010}": "0123456789ab" for number in range(20)}
    assert all(len(name) == LONGEST_NAME for name in held)
    assert read_notes(tags_of(Notes(held=held))).held == held


def test_a_revision_has_a_tag_and_a_damaged_one_is_none() -> None:
    noted = Revision(logical="blue", content="0123456789ab")
    assert tags_of(Notes(revision=noted)) == {"deployer-revision": "blue 0123456789ab"}
    assert read_notes({"deployer-revision": "blue 0123456789ab"}).revision == noted
    assert read_notes({"deployer-revision": "blue"}).revision is None
    assert read_notes({"deployer-revision": ""}).revision is None


def test_what_does_not_fit_is_left_out_and_not_cut_off() -> None:
    assert read_notes(tags_of(Notes(sent={"a": "x" * 2100}))) == Notes()


def test_it_is_never_forgotten_that_more_changed_than_fits() -> None:
    noted = Earlier(
        model="azureml:m:1", others=tuple(f"environment_variables.{'A' * 50}{number}" for number in range(40))
    )
    found = read_notes(tags_of(Notes(earlier=noted))).earlier
    assert found is not None
    assert (found.model, found.others[0], found.others[-1]) == ("azureml:m:1", noted.others[0], "...")
    assert len(found.others) > 5


@given(collectors)
def test_whatever_validate_accepts_is_noted_and_counted(fields: dict[str, Value]) -> None:
    resource = deployment(**fields)
    noted = notes_of(resource, "shop", None)
    tags = tags_of(noted)
    assert read_notes(tags).sent == noted.sent
    assert len(tags) <= deployment_tags(resource, None) <= len(tags) + 2


def test_tags_that_somebody_else_wrote_say_nothing() -> None:
    assert read_notes({"deployer-before-others": "{", "deployer-tested-1": "=;x;blue="}) == Notes()
    assert read_notes({"deployer-sent": "[1", "deployer-previous-1": "blue;=;x=y"}) == Notes()


def test_notes_of_nothing_are_no_tags() -> None:
    assert tags_of(Notes()) == {}
    assert read_notes(None) == read_notes({}) == Notes()
    assert visible(None) == {}


def test_what_was_sent_is_written_shortly_and_in_one_order() -> None:
    assert tags_of(Notes(sent={"b": [1, 2], "a": 1})) == {"deployer-sent": '{"a":1,"b":[1,2]}'}


def test_the_content_of_code_and_the_asset_with_it_are_noted_together_or_not_at_all() -> None:
    assert tags_of(Notes(code="sha256:ab", code_id="c:1")) == {"deployer-code": "sha256:ab c:1"}
    assert tags_of(Notes(code="sha256:ab")) == tags_of(Notes(code_id="c:1")) == {}


def test_a_deployment_without_traffic_is_no_part_of_the_split_before() -> None:
    assert tags_of(Notes(previous={"green": 10, "blue": 90, "red": 0})) == {"deployer-previous-1": "blue=90;green=10;"}


@pytest.mark.parametrize(("length", "written"), [(1, True), (256, True), (257, False)])
def test_a_tag_has_at_most_256_characters(length: int, written: bool) -> None:
    assert tags_of(Notes(rollout="x" * length)) == ({"deployer-rollout": "x" * length} if written else {})


@pytest.mark.parametrize(
    ("length", "tags"),
    [
        (256, ["deployer-sent"]),
        (257, ["deployer-sent", "deployer-sent-2"]),
        (2048, ["deployer-sent", *(f"deployer-sent-{number}" for number in range(2, 9))]),
        (2049, []),
    ],
)
def test_what_was_sent_may_take_eight_tags(length: int, tags: list[str]) -> None:
    sent: dict[str, Value] = {"a": "x" * (length - len('{"a":""}'))}
    written = tags_of(Notes(sent=sent))
    assert list(written) == tags
    assert read_notes(written).sent == (sent if tags else {})


@pytest.mark.parametrize(("length", "pieces"), [(256, 1), (257, 2), (1024, 4), (1025, 0)])
def test_the_split_before_may_take_four_tags(length: int, pieces: int) -> None:
    previous = {"x" * (length - len("=100;")): 100}
    written = tags_of(Notes(previous=previous))
    assert list(written) == [f"deployer-previous-{number}" for number in range(1, pieces + 1)]
    assert all(len(value) == 256 for value in list(written.values())[:-1])
    assert read_notes(written).previous == (previous if pieces else {})


@pytest.mark.parametrize(
    "written", ["", "abc", "HEAD", "0123456 ", "0123456\x1b[31m", "--output=x", "0" * 65, "0123456-x"]
)
def test_a_commit_that_is_none_is_ignored(written: str) -> None:
    assert read_notes({"deployer-commit": written}).commit == ""
    assert read_notes({"deployer-commit": "0123456-dirty"}).commit == "0123456-dirty"
