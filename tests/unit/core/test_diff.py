"""What differs between two resources, field by field."""

from __future__ import annotations

from deployer.core.diff import MISSING, diff
from deployer.core.fields import Effect
from tests.build import changed, deployment


def test_a_new_resource_differs_in_what_is_not_at_its_default() -> None:
    made = deployment(instance_count=3, tags={"team": "vision"}, app_insights_enabled=False, description=None)
    assert {change.path: change.after for change in diff(None, made)} == {
        ("instance_count",): 3,
        ("instance_type",): "standard_ds3_v2",
        ("tags", "team"): "vision",
    }


def test_each_key_of_a_map_is_a_change_of_its_own() -> None:
    before, after = deployment(environment_variables={"A": "1", "B": "2"}), deployment(environment_variables={"B": "3"})
    found = [(change.path[1], change.before, change.after) for change in diff(before, after)]
    assert found == [("A", "1", MISSING), ("B", "2", "3")]
    (opened,) = diff(deployment(code_configuration=None), deployment(code_configuration={"code": "x"}))[:1]
    assert opened.path == ("code_configuration", "code")


def test_a_change_says_what_it_does_and_whether_it_is_secret() -> None:
    (count,) = diff(deployment(), deployment(instance_count=2))
    assert (count.effect, count.sensitive) == (Effect.SCALE, False)


def test_true_is_not_one() -> None:
    (change,) = diff(changed(deployment(), instance_count=True), deployment(instance_count=1))
    assert (change.before, change.after) == (True, 1)


def test_an_empty_map_is_not_a_missing_one() -> None:
    (change,) = diff(changed(deployment(), tags=None), changed(deployment(), tags={}))
    assert (change.path, change.before, change.after) == (("tags",), None, {})


def test_an_empty_value_of_a_new_resource_is_no_change() -> None:
    new = changed(deployment(), instance_type=None, liveness_probe={}, resources={"requests": [], "limits": {}})
    assert diff(None, new) == ()


def test_equal_values_of_another_type_differ_inside_maps_too() -> None:
    before, after = (
        changed(deployment(), tags={"a": {"b": 1, "c": 1}}),
        changed(deployment(), tags={"a": {"b": True, "c": 1}}),
    )
    assert [change.path for change in diff(before, after)] == [("tags", "a", "b")]
    assert diff(before, before) == ()


def test_a_map_that_comes_or_goes_is_shown_key_by_key() -> None:
    none, some = (changed(deployment(), liveness_probe=probe) for probe in (None, {"period": 1, "timeout": 2}))
    assert [(change.path[1], change.before, change.after) for change in diff(none, some)] == [
        ("period", MISSING, 1),
        ("timeout", MISSING, 2),
    ]
    assert [(change.path[1], change.before, change.after) for change in diff(some, none)] == [
        ("period", 1, MISSING),
        ("timeout", 2, MISSING),
    ]
    text = changed(deployment(), liveness_probe="text")
    assert [(change.path, change.after) for change in diff(some, text)] == [(("liveness_probe",), "text")]
