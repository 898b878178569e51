"""A sealed text compares like the text it opens to, and shows none of it."""

from __future__ import annotations

import json

import pytest

from deployer.azureml.kinds.rows import plain
from deployer.core.diff import diff
from deployer.core.fingerprint import as_json, digest_of
from deployer.core.redaction import Mask
from deployer.core.resources import Resource, deployment_ref
from deployer.core.sealed import Sealed

SEALED = Sealed(opened="https://u:hunter2@h", shown="https://u:(sensitive)@h")


def test_it_compares_like_its_text() -> None:
    assert SEALED == "https://u:hunter2@h"
    assert SEALED == "https://u:hunter2@h"
    assert Sealed(opened="https://u:hunter2@h", shown="other") == SEALED
    assert SEALED.shown != SEALED
    assert SEALED != 7
    assert hash(SEALED) == hash("https://u:hunter2@h")


def test_it_shows_only_the_masked_text() -> None:
    assert f"{SEALED} {SEALED!r} {[SEALED]} { ({'a': SEALED}) }".count("hunter2") == 0
    assert Mask().value({"a": [SEALED]}) == {"a": ["https://u:(sensitive)@h"]}
    assert json.dumps(SEALED, default=as_json) == '"https://u:(sensitive)@h"'


def test_json_without_a_mask_refuses_it() -> None:
    with pytest.raises(TypeError):
        json.dumps({"a": SEALED})


def test_a_digest_is_that_of_its_text() -> None:
    assert digest_of({"a": [SEALED]}) == digest_of({"a": [SEALED.opened]})
    assert digest_of({"a": SEALED}) != digest_of({"a": SEALED.shown})


def test_only_what_builds_entities_opens_it() -> None:
    assert plain({"environment_variables": {"A": SEALED}, "x": (SEALED,)}) == {
        "environment_variables": {"A": SEALED.opened},
        "x": [SEALED.opened],
    }


def test_a_live_text_that_is_the_secret_is_no_change() -> None:
    ref = deployment_ref("digits", "blue")
    live = Resource(ref=ref, fields={"environment_variables": {"A": SEALED.opened}})
    same = Resource(ref=ref, fields={"environment_variables": {"A": SEALED}})
    assert diff(live, same) == ()
    (change,) = diff(live, Resource(ref=ref, fields={"environment_variables": {"A": Sealed(opened="x", shown="y")}}))
    assert change.path == ("environment_variables", "A")
    assert "hunter2" not in repr(change.after)
