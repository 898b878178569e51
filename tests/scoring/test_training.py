"""Same seed, same model; what is exported is what was trained; and what is held out stays out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring import training_set
from scoring.digits import Digits, load_split, mnist_parts
from scoring.engines import LITERT_FILE, LiteRT, TensorFlow, load
from scoring.train import Settings, _room, _temperature, export, train
from scoring.training_set import NO_DIGIT, Amount

SHORT = Settings(seed=3, amount=Amount(rounds=1, others=40), epochs=1)


def few(digits: Digits, count: int) -> Digits:
    return Digits(scans=digits.scans[::count], labels=digits.labels[::count])


SOURCES = [few(mnist_parts().trained, 40), few(load_split()[0], 20)]
TUNING = few(mnist_parts().tuned, 10)


@pytest.fixture(scope="module")
def trained() -> Any:
    return train(SHORT, SOURCES, TUNING, progress=False)


def same_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(mine, yours) for mine, yours in pairs)


def test_the_same_seed_gives_the_same_model(trained: Any) -> None:
    assert same_weights(trained, train(SHORT, SOURCES, TUNING, progress=False))


def test_another_seed_gives_another_model(trained: Any) -> None:
    other = Settings(seed=4, amount=SHORT.amount, epochs=1)
    assert not same_weights(trained, train(other, SOURCES, TUNING, progress=False))


def test_what_is_exported_is_what_was_trained(trained: Any, tmp_path: Path) -> None:
    (tmp_path / "INPUT_model").mkdir()
    (tmp_path / "INPUT_model" / "left over").touch()
    export(trained, tmp_path / "INPUT_model")
    assert not (tmp_path / "INPUT_model" / "left over").exists()
    pictures = np.random.default_rng(1).random((40, 28, 28), np.float32)
    expected = trained(pictures[..., None], training=False).numpy()
    engine = load(tmp_path)
    assert isinstance(engine, LiteRT)
    np.testing.assert_allclose(engine.answers(pictures), expected, atol=1e-5)
    (tmp_path / "INPUT_model" / LITERT_FILE).unlink()
    full = load(tmp_path)
    assert isinstance(full, TensorFlow)
    np.testing.assert_allclose(full.answers(pictures), expected, atol=1e-5)


def test_training_pictures_are_the_same_each_time_and_of_every_class() -> None:
    pictures, labels = training_set.made(SOURCES, SHORT.amount, seed=3)
    again, labels_again = training_set.made(SOURCES, SHORT.amount, seed=3)
    np.testing.assert_array_equal(pictures, again)
    np.testing.assert_array_equal(labels, labels_again)
    assert len(pictures) == len(labels) == 2 * sum(len(digits.labels) for digits in SOURCES) + 40
    assert np.bincount(labels)[NO_DIGIT] == 40
    other, _ = training_set.made(SOURCES, SHORT.amount, seed=4)
    assert not np.array_equal(pictures, other)


def test_no_scan_is_on_both_sides() -> None:
    training, held_out = load_split()
    seen = {scan.tobytes() for scan in training.scans}
    assert len(training.scans) + len(held_out.scans) == 1797
    assert not [scan for scan in held_out.scans if scan.tobytes() in seen]
    assert np.bincount(held_out.labels).min() >= 34


def test_no_digit_of_mnist_is_in_two_parts_and_each_fifth_is_held_out() -> None:
    parts = mnist_parts()
    trained, tuned, held_out = (
        {scan.tobytes() for scan in part.scans} for part in (parts.trained, parts.tuned, parts.held_out)
    )
    assert len(trained) + len(tuned) + len(held_out) == len(trained | tuned | held_out) == 10_000
    assert np.bincount(parts.held_out.labels).tolist() == [201, 226, 199, 207, 196, 173, 203, 214, 189, 196]


def test_the_temperature_is_the_one_that_made_the_logits_too_sure() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 2, (20_000, 10)).astype(np.float32)
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) > rng.random((len(shares), 1))).argmax(axis=1)
    assert _temperature(honest, labels) == pytest.approx(1.0, abs=0.05)
    assert _temperature(honest * np.float32(1.6), labels) == pytest.approx(1.6, abs=0.08)


def test_the_room_leaves_the_share_asked_for_below_one_half() -> None:
    given = np.random.default_rng(2).normal(0, 3, (1_000, NO_DIGIT + 1)).astype(np.float32)
    given[np.arange(1_000), np.arange(1_000) % 10] += 12
    given[:, NO_DIGIT] += _room(given, 0.03)
    shares = np.exp(given) / np.exp(given).sum(axis=1, keepdims=True)
    assert (shares[:, :NO_DIGIT].max(axis=1) < 0.5).mean() == pytest.approx(0.03, abs=0.002)
