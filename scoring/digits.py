"""Handwritten digits to train and judge the model with: scikit-learn's bundled scans, drawn as people would send them.

The scans are 8x8 pixels, bright ink on black ("Optical Recognition of Handwritten Digits", UCI, CC BY 4.0):
https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

SIDE = 28
MARGIN = 2
"""Empty cells around a scan, so that interpolation at its edge fades into the background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Scans of shape (n, 8, 8) with ink from 0 to 1, and their labels of shape (n,)."""

    scans: Floats
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a scan is drawn. Lengths are shares of the picture's shorter side, angles radians, light and ink 0 to 1."""

    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    stretch: float = 1.0
    rotation: float = 0.0
    slant: float = 0.0
    edge: float | None = None
    """The ink level where a stroke ends: 0.25 is a thick pen, 0.6 a thin one; None keeps the scan's soft strokes."""
    sharpness: float = 12.0
    paper: float = 0.0
    ink: float = 1.0
    slope: tuple[float, float] = (0.0, 0.0)
    """Change of light from the centre to the right and to the lower edge."""
    noise: float = 0.0


PLAIN = Look()


def load_split(seed: int = 7, held_out: float = 0.2) -> tuple[Digits, Digits]:
    """The part to train on and the part held out, with the same share of every digit in both."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bundled: Any = load_digits()
    scans, labels = (bundled.images / 16.0).astype(np.float32), bundled.target.astype(np.int64)
    split = train_test_split(scans, labels, test_size=held_out, random_state=seed, stratify=labels)
    return Digits(scans=split[0], labels=split[2]), Digits(scans=split[1], labels=split[3])


def draw(scan: Floats, look: Look, rng: np.random.Generator, size: tuple[int, int] = (SIDE, SIDE)) -> Floats:
    """`scan` as a picture of `size` (width, height): an array of shape (height, width) from 0, black, to 1, white."""
    strokes = _place(scan, look, size)
    if look.edge is not None:
        strokes = (1 / (1 + np.exp(-look.sharpness * (strokes - look.edge)))).astype(np.float32)
    picture = look.paper + (look.ink - look.paper) * strokes
    if look.slope != (0.0, 0.0):
        down, right = np.meshgrid(np.linspace(-1, 1, size[1]), np.linspace(-1, 1, size[0]), indexing="ij")
        picture = picture + look.slope[0] * right + look.slope[1] * down
    if look.noise:
        picture = picture + rng.normal(0, look.noise, picture.shape)
    drawn: Floats = np.clip(picture, 0, 1).astype(np.float32)
    return drawn


def _place(scan: Floats, look: Look, size: tuple[int, int]) -> Floats:
    """The ink of `scan`, enlarged, turned and moved to where `look` wants it in a picture of `size`."""
    side, cells = min(size), scan.shape[0]
    padded = Image.fromarray(np.pad(scan, MARGIN), mode="F")
    cos, sin = np.cos(look.rotation), np.sin(look.rotation)
    across = cells / (side * look.scale * look.stretch)
    along = cells / (side * look.scale)
    a, b = across * (cos + look.slant * sin), across * (sin - look.slant * cos)
    d, e = -along * sin, along * cos
    x = size[0] / 2 + look.shift[0] * side
    y = size[1] / 2 + look.shift[1] * side
    centre = padded.width / 2
    matrix = (a, b, centre - a * x - b * y, d, e, centre - d * x - e * y)
    placed = padded.transform(size, Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC)
    strokes: Floats = np.clip(np.asarray(placed, np.float32), 0, 1)
    return strokes


def any_look(rng: np.random.Generator) -> Look:
    """A look drawn at random from what users send: the augmentation of the training set."""
    light, dark = rng.uniform(0.6, 1.0), rng.uniform(0.0, 0.35)
    paper, ink = (dark, light) if rng.random() < 0.5 else (light, dark)
    scale = rng.uniform(0.5, 1.1)
    reach = max(0.06, (1.1 - scale) / 2)
    return Look(
        shift=(rng.uniform(-reach, reach), rng.uniform(-reach, reach)),
        scale=scale,
        stretch=rng.uniform(0.72, 1.3),
        rotation=rng.uniform(-0.2, 0.2),
        slant=rng.uniform(-0.2, 0.2),
        edge=rng.uniform(0.2, 0.65) if rng.random() < 0.75 else None,
        sharpness=rng.uniform(6, 25),
        paper=paper,
        ink=ink,
        slope=(rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12)) if rng.random() < 0.5 else (0.0, 0.0),
        noise=rng.uniform(0, 0.12) if rng.random() < 0.5 else 0.0,
    )


def photograph_look(rng: np.random.Generator) -> Look:
    """A pen on paper, photographed from above in a room: dark on light, uneven light, a little grain."""
    return Look(
        shift=(rng.uniform(-0.15, 0.15), rng.uniform(-0.08, 0.08)),
        scale=rng.uniform(0.65, 0.95),
        stretch=rng.uniform(0.9, 1.15),
        rotation=rng.uniform(-0.12, 0.12),
        slant=rng.uniform(-0.1, 0.1),
        edge=rng.uniform(0.35, 0.6),
        sharpness=rng.uniform(20, 40),
        paper=rng.uniform(0.7, 0.92),
        ink=rng.uniform(0.08, 0.25),
        slope=(rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)),
        noise=rng.uniform(0.004, 0.02),
    )


def augmented(digits: Digits, copies: int, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """Every scan once plain and `copies` times with a look of its own: (n, 28, 28) and (n,), every round in order."""
    rounds = [_drawn(digits.scans, (PLAIN for _ in digits.scans), rng)]
    rounds += [_drawn(digits.scans, (any_look(rng) for _ in digits.scans), rng) for _ in range(copies)]
    return np.concatenate(rounds), np.tile(digits.labels, copies + 1)


def _drawn(scans: Floats, looks: Iterator[Look], rng: np.random.Generator) -> Floats:
    return np.stack([draw(scan, look, rng) for scan, look in zip(scans, looks, strict=True)])
