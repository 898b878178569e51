"""The model of the repository reads what it never saw, real digits and drawings, and tells what is no digit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from scoring.contract import answer
from scoring.digits import Digits
from scoring.engines import LiteRT
from scoring.judge import LOOKS, by_digit, confident_without_digit, confusion, image_files, labels_of, readings
from tests.scoring.bodies import body, saved
from tests.scoring.drawings import LINES, drawn
from tests.scoring.server import ROOT


@pytest.fixture(scope="session")
def card(model_dir: Path) -> str:
    return (model_dir / "README.md").read_text()


def every(digits: Digits, step: int) -> Digits:
    return Digits(scans=digits.scans[::step], labels=digits.labels[::step])


def test_real_digits_are_read_as_well_as_the_card_says(engine: LiteRT, held_out: Digits, card: str) -> None:
    found = readings(engine, image_files(held_out, "plain"))
    accuracy = float((found.labels == held_out.labels).mean())
    assert accuracy >= 0.985
    assert min(by_digit(held_out.labels, found.labels)) >= 0.965
    assert found.confident.mean() >= 0.95
    said = re.search(r"reads \*\*(\S+)\*\* right and is confident of (\S+)\. ", card)
    assert said is not None
    assert (accuracy, float(found.confident.mean())) == pytest.approx((float(said[1]), float(said[2])), abs=0.001)


@pytest.mark.parametrize("look", [name for name in LOOKS if name not in ("plain", "photograph")])
def test_real_digits_are_read_in_every_look(engine: LiteRT, held_out: Digits, card: str, look: str) -> None:
    accuracy = float((labels_of(engine, image_files(held_out, look)) == held_out.labels).mean())
    assert accuracy >= 0.965
    assert accuracy == pytest.approx(float(row(card, look)[0]), abs=0.002)


@pytest.mark.parametrize("look", [name for name in LOOKS if name != "photograph"])
def test_scans_are_read_in_every_look(engine: LiteRT, scans: Digits, card: str, look: str) -> None:
    accuracy = float((labels_of(engine, image_files(scans, look)) == scans.labels).mean())
    assert accuracy >= (0.98 if look == "plain" else 0.96)
    assert accuracy == pytest.approx(float(row(card, look)[2]), abs=0.004)


def row(card: str, look: str) -> tuple[str, str, str]:
    """What the card says of `look`: MNIST's digits read right, confident, scans read right."""
    found = re.search(rf"^\| {look} \| .* \| (\S+) \| (\S+) \| (\S+) \|$", card, re.MULTILINE)
    assert found is not None
    return found[1], found[2], found[3]


def test_photographs_decoded_at_an_eighth_are_read_as_those_decoded_whole(engine: LiteRT, held_out: Digits) -> None:
    some = every(held_out, 33)
    photographs = image_files(some, "photograph")
    read = labels_of(engine, photographs)
    np.testing.assert_array_equal(read, labels_of(engine, photographs, full_decode=True))
    assert (read == some.labels).mean() >= 0.95


@pytest.mark.long
def test_every_photograph_is_read(engine: LiteRT, held_out: Digits, scans: Digits, card: str) -> None:
    for place, digits in ((0, held_out), (2, scans)):
        photographs = image_files(digits, "photograph")
        read = labels_of(engine, photographs)
        assert (read == labels_of(engine, photographs, full_decode=True)).mean() >= 0.998
        accuracy = (read == digits.labels).mean()
        assert accuracy >= 0.975
        assert accuracy == pytest.approx(float(row(card, "photograph")[place]), abs=0.004)


@pytest.mark.parametrize("digit", LINES)
def test_drawings_with_a_mouse_are_read(engine: LiteRT, digit: int) -> None:
    rng = np.random.default_rng(digit)
    pages = [saved(drawn(digit, rng)) for _ in range(10)]
    assert [answer(body(page), engine) for page in pages] == [digit] * 10


def test_pictures_without_a_digit_are_seldom_confident(engine: LiteRT, card: str) -> None:
    shares = confident_without_digit(engine)
    assert len(shares) == 12
    mean = sum(shares.values()) / len(shares)
    assert mean <= 0.05
    assert f"it is confident of\n{mean:.3f}:" in card


def test_the_benchmarks_show_the_tables_of_the_card(card: str) -> None:
    shown = (ROOT / "docs" / "benchmarks.md").read_text()
    rows = [line for line in card.splitlines() if line.startswith("|") and line.count("|") > 4]
    assert len(rows) == 14
    assert all(line in shown for line in rows)


def test_confusion_counts_rows_of_digits_and_columns_of_readings() -> None:
    counts = confusion(np.array([7, 7, 1]), np.array([7, 1, 1]))
    assert (counts[7, 7], counts[7, 1], counts[1, 1], counts.sum()) == (1, 1, 1, 3)
