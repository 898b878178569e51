"""Documents in SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.local_workspace.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "state.db")


def test_what_was_put_is_there_after_another_start(store: Store, tmp_path: Path) -> None:
    store.put("kind", "key", {"n": 1})
    assert Store(tmp_path / "state.db").get("kind", "key") == {"n": 1}


def test_stale_reads_see_what_stood_before_the_last_put(store: Store) -> None:
    store.put("kind", "key", {"n": 1})
    assert store.get("kind", "key", stale=True) is None
    store.put("kind", "key", {"n": 2})
    store.amend("kind", "key", {"n": 3})
    assert (store.get("kind", "key"), store.get("kind", "key", stale=True)) == ({"n": 3}, {"n": 1})
    assert store.list("kind", stale=True) == [{"n": 1}]


def test_several_writes_are_kept_together_or_not_at_all(store: Store) -> None:
    def half() -> None:
        with store.together():
            store.put("kind", "a", {})
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert store.get("kind", "a") is None


def test_lists_are_in_the_order_of_creation_below_a_prefix(store: Store) -> None:
    for key in ("e/b", "e/a", "e%/c", "f/d"):
        store.put("kind", key, {"key": key})
    store.put("kind", "e/b", {"key": "e/b"})
    assert [item["key"] for item in store.list("kind", "e/")] == ["e/b", "e/a"]
    assert [item["key"] for item in store.list("kind", "e%/")] == ["e%/c"]
    store.delete("kind", "e/b")
    store.delete("kind", "e/b")
    assert [item["key"] for item in store.list("kind")] == ["e/a", "e%/c", "f/d"]
