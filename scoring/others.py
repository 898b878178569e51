"""Pictures without a digit, for the model to learn that there are such."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scoring.digits import Digits
from scoring.ink import Floats

CANVAS = 64
LIKE_DIGITS = set("OoIilSsZzBbqgDQ")
"""Letters that some hands write as others write digits."""
LETTERS = sorted(set(string.ascii_letters) - LIKE_DIGITS)
SIGNS = list("?!&%#@+=*/<>{}[]$~^;:_\"'")
LYING = (2, 3, 4, 5, 7)
"""Digits that are none when they lie on their side."""
MIRRORED = (3, 6, 7, 9)
"""Digits that are none in a mirror."""

Kind = Callable[[np.random.Generator], Floats]


@lru_cache(maxsize=1)
def fonts() -> tuple[Path, ...]:
    """The typefaces with letters that Matplotlib brings."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    named = ("DejaVu", "STIXGeneral", "cmr10", "cmb10", "cmss10", "cmti10", "cmtt10")
    return tuple(sorted(path for path in folder.glob("*.ttf") if path.stem.startswith(named)))


def any_font(rng: np.random.Generator) -> Path:
    return fonts()[rng.integers(len(fonts()))]


def typeset(text: str, font: Path, size: int = 44) -> Floats:
    """`text` in the middle of a square canvas, bright on black."""
    image, drawing = black()
    middle = (CANVAS / 2, CANVAS / 2)
    drawing.text(middle, text, 255, ImageFont.truetype(str(font), size), anchor="mm")
    return levels(image)


def black() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty canvas, and what draws on it."""
    image = Image.new("L", (CANVAS, CANVAS))
    return image, ImageDraw.Draw(image)


def levels(image: Image.Image) -> Floats:
    """From 0, black, to 1."""
    return np.asarray(image, np.float32) / np.float32(255)


def letter(rng: np.random.Generator) -> Floats:
    """A letter that is like no digit."""
    return typeset(str(rng.choice(LETTERS)), any_font(rng))


def sign(rng: np.random.Generator) -> Floats:
    """A punctuation mark or an operator."""
    return typeset(str(rng.choice(SIGNS)), any_font(rng))


def word(rng: np.random.Generator) -> Floats:
    """Two to four letters."""
    return typeset("".join(rng.choice(LETTERS, rng.integers(2, 5))), any_font(rng), int(rng.integers(16, 26)))


def scribble(rng: np.random.Generator) -> Floats:
    """Lines that wander about."""
    image, drawing = black()
    for _ in range(rng.integers(1, 5)):
        points = np.cumsum(rng.normal(0, 9, (rng.integers(3, 12), 2)), axis=0) + rng.uniform(10, 54, 2)
        drawing.line([tuple(point) for point in points], 255, int(rng.integers(2, 6)), "curve")
    return levels(image)


def bars(rng: np.random.Generator) -> Floats:
    """Straight lines across each other."""
    image, drawing = black()
    for _ in range(rng.integers(2, 6)):
        drawing.line(list(rng.uniform(6, 58, 4)), 255, int(rng.integers(2, 7)))
    return levels(image)


def shapes(rng: np.random.Generator) -> Floats:
    """One to three polygons, filled or empty, and slices of a pie."""
    image, drawing = black()
    for _ in range(rng.integers(1, 4)):
        middle, radius = rng.uniform(20, 44, 2), rng.uniform(9, 24)
        corners, angle = int(rng.integers(3, 8)), float(rng.uniform(0, 360))
        if corners == 7:
            box = [*(middle - radius), *(middle + radius)]
            drawing.pieslice(box, angle, angle + float(rng.uniform(40, 200)), fill=255)
        elif rng.random() < 0.5:
            drawing.regular_polygon((*middle, radius), corners, angle, fill=int(rng.integers(90, 256)))
        else:
            turns = np.deg2rad(angle + np.arange(corners + 1) * 360 / corners)
            points = middle + radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)
            drawing.line([tuple(point) for point in points], 255, int(rng.integers(2, 6)), "curve")
    return levels(image)


def spots(rng: np.random.Generator) -> Floats:
    """Two to eleven discs."""
    image, drawing = black()
    for _ in range(rng.integers(2, 12)):
        middle, radius = rng.uniform(6, 58, 2), rng.uniform(2, 12)
        drawing.ellipse([*(middle - radius), *(middle + radius)], int(rng.integers(120, 256)))
    return levels(image)


def clouds(rng: np.random.Generator) -> Floats:
    """Smooth noise of several sizes."""
    total = np.zeros((CANVAS, CANVAS), np.float32)
    for cells in (3, 6, 12, 24):
        grid = Image.fromarray(rng.random((cells, cells)).astype(np.float32), mode="F")
        grown = np.asarray(grid.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC))
        total += grown * np.float32(rng.random() ** 2)
    steeper = (_stretched(total) - np.float32(0.5)) * np.float32(rng.uniform(1, 8)) + np.float32(0.5)
    clipped: Floats = np.minimum(np.maximum(steeper, 0), 1)
    return clipped


def grain(rng: np.random.Generator) -> Floats:
    """Noise from cell to cell, of a size of its own."""
    side = int(rng.choice([8, 16, 28, 64]))
    noise = Image.fromarray((rng.random((side, side)) ** rng.uniform(0.5, 6)).astype(np.float32), mode="F")
    filled = noise.resize((CANVAS, CANVAS), rng.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR]))
    return np.asarray(filled, np.float32)


def stripes(rng: np.random.Generator) -> Floats:
    """Waves in one direction or two."""
    down, across = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32) / CANVAS
    total = np.zeros((CANVAS, CANVAS), np.float32)
    for _ in range(rng.integers(1, 3)):
        angle, waves = rng.uniform(0, np.pi), rng.uniform(1, 9)
        phase = down * np.float32(np.sin(angle)) + across * np.float32(np.cos(angle))
        total += np.sin(np.float32(2 * np.pi * waves) * phase + np.float32(rng.uniform(0, 6)))
    return _stretched(np.sign(total) if rng.random() < 0.5 else total)


def _stretched(picture: Floats) -> Floats:
    low, high = picture.min(), picture.max()
    stretched: Floats = (picture - low) / max(high - low, np.float32(1e-6))
    return stretched


GLYPHS: tuple[Kind, ...] = (*[letter] * 4, sign, word, *[scribble] * 2, *[bars] * 2, *[shapes] * 2, spots)
"""Kinds of ink on paper, the more frequent ones more often."""
TEXTURES: tuple[Kind, ...] = (clouds, grain, stripes)
"""Kinds that fill a picture."""


def broken(digits: Digits, rng: np.random.Generator) -> Floats:
    """What is left of a digit when it is taken apart, laid down, mirrored, or has another one beside it."""
    scan, label = _any(digits, rng)
    match int(rng.integers(4)):
        case 0:
            return _shuffled(scan, rng)
        case 1 if label in LYING:
            return np.rot90(scan, int(rng.choice([1, 3]))).copy()
        case 2 if label in MIRRORED:
            return scan[:, ::-1].copy()
        case _:
            return _beside(scan, _any(digits, rng)[0])


def _any(digits: Digits, rng: np.random.Generator) -> tuple[Floats, int]:
    at = int(rng.integers(len(digits.scans)))
    return digits.scans[at], int(digits.labels[at])


def _shuffled(scan: Floats, rng: np.random.Generator) -> Floats:
    """The quarters of `scan`, none of them at its place."""
    half = len(scan) // 2
    quarters = [scan[:half, :half], scan[:half, half:], scan[half:, :half], scan[half:, half:]]
    order = rng.permutation(4)
    while (order == np.arange(4)).any():
        order = rng.permutation(4)
    a, b, c, d = (quarters[place] for place in order)
    return np.block([[a, b], [c, d]])


def _beside(one: Floats, other: Floats) -> Floats:
    """Two scans of one size next to each other, closer than their empty margins."""
    side = len(one)
    pair = np.zeros((2 * side, 2 * side), np.float32)
    rows, gap = slice(side // 2, side // 2 + side), side // 7
    pair[rows, gap : side + gap] = one
    right = pair[rows, side - gap : 2 * side - gap]
    np.maximum(right, other, out=right)
    return pair
