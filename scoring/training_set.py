"""What the model is trained on: digits in many looks and pictures without one, as the scoring script would see them.

Every drawing goes through the same code as a picture in a request (`ink`), so that the model learns with whatever that
gets wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.digits import Digits, Labels
from scoring.ink import SIDE, Floats, centred
from scoring.looks import PLAIN, Look, any_look, as_image, draw, turned_slightly
from scoring.mnist_data import Bytes
from scoring.others import GLYPHS, TEXTURES, broken
from scoring.refusal import ScoringRefused

NO_DIGIT = 10
"""The label of a picture without a digit."""
MILD = 1 / 3
"""The share of the drawings of 28x28 scans that stay as MNIST has them, only turned and slanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How many pictures: `rounds` drawings of every digit beside the plain one, each with `others` without a digit."""

    rounds: int = 40
    others: int = 3_000


def made(sources: Sequence[Digits], amount: Amount, seed: int) -> tuple[Bytes, Labels]:
    """Pictures (n, 28, 28) from 0, black, to 255, and labels (n,) up to NO_DIGIT; the same for the same arguments."""
    rounds = [(plain(digits), digits.labels) for digits in sources]
    rounds += [_round(sources, amount.others, seed, number) for number in range(amount.rounds)]
    return np.concatenate([pictures for pictures, _ in rounds]), np.concatenate([labels for _, labels in rounds])


def plain(digits: Digits) -> Bytes:
    """Every scan as it is."""
    rng = np.random.default_rng(0)
    return np.stack([_seen(scan, PLAIN, (SIDE, SIDE), rng) for scan in digits.scans])


def _round(sources: Sequence[Digits], others: int, seed: int, number: int) -> tuple[Bytes, Labels]:
    rng = np.random.default_rng((seed, number))
    pictures = [_drawn(scan, rng) for digits in sources for scan in digits.scans]
    pictures += [_without_digit(sources[0], rng) for _ in range(others)]
    labels = [digits.labels for digits in sources]
    return np.stack(pictures), np.concatenate([*labels, np.full(others, NO_DIGIT)])


def _drawn(scan: Floats, rng: np.random.Generator) -> Bytes:
    if len(scan) == SIDE and rng.random() < MILD:
        return _bytes(draw(scan, turned_slightly(rng), rng))
    return _seen(scan, any_look(rng), _size(rng), rng)


def _without_digit(digits: Digits, rng: np.random.Generator) -> Bytes:
    while True:
        try:
            return _any_other(digits, rng)
        except ScoringRefused:  # it came out blank: no request with it gets to the model
            continue


def _any_other(digits: Digits, rng: np.random.Generator) -> Bytes:
    which = rng.random()
    if which < 0.15:
        texture = TEXTURES[rng.integers(len(TEXTURES))](rng)
        return _seen(texture, PLAIN, _size(rng), rng)
    glyph = broken(digits, rng) if which < 0.45 else GLYPHS[rng.integers(len(GLYPHS))](rng)
    return _seen(glyph, any_look(rng), _size(rng), rng)


def _seen(scan: Floats, look: Look, size: tuple[int, int], rng: np.random.Generator) -> Bytes:
    return _bytes(centred(as_image(draw(scan, look, rng, size))))


def _size(rng: np.random.Generator) -> tuple[int, int]:
    """The width and height of a picture as they come: MNIST's mostly, others from half of it to four times."""
    match int(rng.integers(5)):
        case 0:
            return int(rng.integers(40, 120)), int(rng.integers(40, 120))
        case 1:
            return 2 * SIDE, 2 * SIDE
        case _:
            return SIDE, SIDE


def _bytes(picture: Floats) -> Bytes:
    levels: Bytes = (picture * 255).round().astype(np.uint8)
    return levels
