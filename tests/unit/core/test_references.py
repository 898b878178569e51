"""Every spelling of a reference is parsed once, and printed one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.coordinates import Coordinates
from deployer.core.references import AssetReference, AssetType, is_reference, parse_reference

HOME = Coordinates(subscription_id="s-1", resource_group="rg", name="ml")
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("azureml:digits:7", "azureml:digits:7"),
        ("digits:7", "azureml:digits:7"),
        ("azureml:digits@prod", "azureml:digits@prod"),
        ("digits@latest", "azureml:digits@latest"),
        ("azureml:digits", "azureml:digits@latest"),
        ("digits", "azureml:digits@latest"),
        (f"{HOME.arm_id}/models/Digits/versions/7", "azureml:Digits:7"),
        (f"azureml:{HOME.arm_id.upper()}/models/digits/versions/7/", "azureml:digits:7"),
        (f"{HOME.arm_id}/environments/plain/labels/latest", "azureml:plain@latest"),
        (f"azureml:{HOME.arm_id}2/models/digits/versions/7", f"{HOME.arm_id}2/models/digits/versions/7"),
        ("azureml://registries/r/models/m/versions/1", "azureml://registries/r/models/m/versions/1"),
        ("azureml://registries/r/models/m/labels/latest", "azureml://registries/r/models/m/labels/latest"),
    ],
)
def test_a_reference_has_one_spelling(written: str, printed: str) -> None:
    found = parse_reference(AssetType.MODEL, written, HOME)
    assert str(found) == printed
    assert parse_reference(AssetType.MODEL, printed, HOME) == found


@given(NAMES, NAMES)
def test_what_is_printed_is_parsed_as_it_was(name: str, which: str) -> None:
    for reference in (
        AssetReference(type=AssetType.CODE, name=name, version=which),
        AssetReference(type=AssetType.CODE, name=name, label=which),
    ):
        assert parse_reference(AssetType.CODE, str(reference), None) == reference
        assert is_reference(str(reference))


@pytest.mark.parametrize(
    ("written", "with_pinned_references", "of_registry"),
    [
        ("azureml:digits:7", True, False),
        ("azureml:digits@latest", False, False),
        ("digits", False, False),
        ("azureml://registries/r/models/m/versions/1", True, True),
        ("azureml://registries/r/models/m/labels/latest", False, True),
        (
            "/subscriptions/a/resourceGroups/b/providers/Microsoft.MachineLearningServices/workspaces/c/models/m/versions/1",
            True,
            False,
        ),
    ],
)
def test_some_references_are_pinned_and_some_of_registries(
    written: str, with_pinned_references: bool, of_registry: bool
) -> None:
    found = parse_reference(AssetType.MODEL, written, HOME)
    assert (found.is_pinned, found.is_in_registry) == (with_pinned_references, of_registry)


@pytest.mark.parametrize(
    ("text", "told"), [("azureml:c:1", True), ("/subscriptions/a", True), ("../code", False), ("/code", False)]
)
def test_a_local_path_is_no_reference(text: str, told: bool) -> None:
    assert is_reference(text) is told


def test_an_arm_id_is_kept_as_it_is_where_no_workspace_is_known() -> None:
    arm_id = f"{HOME.arm_id}/models/digits/versions/7"
    assert parse_reference(AssetType.MODEL, arm_id, None) == AssetReference(type=AssetType.MODEL, elsewhere=arm_id)
    assert parse_reference(AssetType.MODEL, arm_id, None).bare == arm_id


@pytest.mark.parametrize(("written", "bare"), [("azureml:digits:7", "digits:7"), ("digits", "digits@latest")])
def test_the_sdk_is_given_references_without_a_prefix(written: str, bare: str) -> None:
    assert parse_reference(AssetType.MODEL, written, HOME).bare == bare
