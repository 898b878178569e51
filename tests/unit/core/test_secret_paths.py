"""Which fields were secret is noted by hashes of their paths, in three tags; where they do not fit, all were."""

from __future__ import annotations

import pytest

from deployer.azureml.bookkeeping import Notes, read_notes, tags_of
from deployer.core.sealed import Sealed
from deployer.core.secret_paths import MOST, SecretPaths

SECRET = Sealed(opened="hunter2", shown="(sensitive)")


def variables(number: int) -> dict[str, object]:
    return {"environment_variables": {f"V{each}": SECRET for each in range(number)}}


def test_the_fields_with_secrets_are_known_again() -> None:
    noted = SecretPaths().and_those_of({"tags": {"a": SECRET, "b": "x"}, "description": SECRET, "list": ["x", SECRET]})
    for path, secret in {("tags", "a"): True, ("tags", "b"): False, ("description",): True, ("list",): True}.items():
        assert noted.has(path) == secret
    assert not SecretPaths().has(("tags", "a"))
    assert noted.and_those_of({"tags": {}}) == noted


@pytest.mark.parametrize("number", [0, 1, 28, 29, MOST, MOST + 1, 500])
def test_they_survive_the_tags(number: int) -> None:
    noted = SecretPaths().and_those_of(variables(number))
    tags = tags_of(Notes(project="p", secret=noted))
    assert len([name for name in tags if name.startswith("deployer-secret")]) == (
        1 if number > MOST else -(-(9 * number - 1) // 256) if number else 0
    )
    assert read_notes(tags).secret == noted
    assert noted.all == (number > MOST)
    assert all(noted.has(("environment_variables", f"V{each}")) for each in range(number))
    assert noted.has(("environment_variables", "other")) == (number > MOST)


def test_once_all_were_secret_all_are() -> None:
    assert SecretPaths(all=True).and_those_of(variables(1)) == SecretPaths(all=True)
