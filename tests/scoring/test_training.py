"""Same seed, same model; what is exported is what was trained; and the committed model is as good as its card says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring.digits import Digits, load_split
from scoring.engines import LITERT_FILE, LiteRT, TensorFlow, load
from scoring.judge import LOOKS, confusion, image_files, labels_of
from scoring.train import Settings, export, train

SHORT = Settings(seed=3, copies=0, epochs=1)


@pytest.fixture(scope="module")
def trained() -> Any:
    return train(SHORT, load_split()[0], progress=False)


def same_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(mine, yours) for mine, yours in pairs)


def test_the_same_seed_gives_the_same_model(trained: Any) -> None:
    assert same_weights(trained, train(SHORT, load_split()[0], progress=False))


def test_another_seed_gives_another_model(trained: Any) -> None:
    assert not same_weights(trained, train(Settings(seed=4, copies=0, epochs=1), load_split()[0], progress=False))


def test_what_is_exported_is_what_was_trained(trained: Any, tmp_path: Path, held_out: Digits) -> None:
    (tmp_path / "INPUT_model").mkdir()
    (tmp_path / "INPUT_model" / "left over").touch()
    export(trained, tmp_path / "INPUT_model")
    assert not (tmp_path / "INPUT_model" / "left over").exists()
    pictures = np.random.default_rng(1).random((40, 28, 28), np.float32)
    expected = trained(pictures[..., None], training=False).numpy()
    engine = load(tmp_path)
    assert isinstance(engine, LiteRT)
    np.testing.assert_allclose(engine.probabilities(pictures), expected, atol=1e-5)
    (tmp_path / "INPUT_model" / LITERT_FILE).unlink()
    full = load(tmp_path)
    assert isinstance(full, TensorFlow)
    np.testing.assert_allclose(full.probabilities(pictures), expected, atol=1e-5)


def test_no_scan_is_on_both_sides() -> None:
    training, held_out = load_split()
    seen = {scan.tobytes() for scan in training.scans}
    assert len(training.scans) + len(held_out.scans) == 1797
    assert not [scan for scan in held_out.scans if scan.tobytes() in seen]
    assert np.bincount(held_out.labels).min() >= 34


def few(held_out: Digits, count: int) -> Digits:
    return Digits(scans=held_out.scans[:count], labels=held_out.labels[:count])


@pytest.mark.parametrize("look", [name for name in LOOKS if name != "photograph"])
def test_the_model_reads_as_well_as_its_card_says(engine: LiteRT, held_out: Digits, model_dir: Path, look: str) -> None:
    accuracy = float((labels_of(engine, image_files(held_out, look)) == held_out.labels).mean())
    assert accuracy >= (0.98 if look == "plain" else 0.96)
    row = re.search(rf"^\| {look} \| .* \| (\S+) \|$", (model_dir / "README.md").read_text(), re.MULTILINE)
    assert row is not None
    assert accuracy == pytest.approx(float(row[1]), abs=0.004)


def test_a_photograph_decoded_at_an_eighth_is_read_as_one_decoded_whole(engine: LiteRT, held_out: Digits) -> None:
    some = few(held_out, 60)
    photographs = image_files(some, "photograph")
    read = labels_of(engine, photographs)
    np.testing.assert_array_equal(read, labels_of(engine, photographs, full_decode=True))
    assert (read == some.labels).mean() >= 0.93


@pytest.mark.long
def test_every_photograph_is_read_the_same_at_an_eighth(engine: LiteRT, held_out: Digits) -> None:
    photographs = image_files(held_out, "photograph")
    read = labels_of(engine, photographs)
    np.testing.assert_array_equal(read, labels_of(engine, photographs, full_decode=True))
    assert (read == held_out.labels).mean() >= 0.96


def test_confusion_counts_rows_of_digits_and_columns_of_readings() -> None:
    counts = confusion(np.array([7, 7, 1]), np.array([7, 1, 1]))
    assert (counts[7, 7], counts[7, 1], counts[1, 1], counts.sum()) == (1, 1, 1, 3)
