"""A grey picture of any size -> the digit in it as MNIST has digits: bright on black, 20 of 28 pixels long, centred.

MNIST's pictures were made so (http://yann.lecun.com/exdb/mnist/): the longer side of the ink is brought to 20 pixels,
its centre of mass to the middle of 28x28. A picture that is so already is left alone. Arrays are small, so that what
counts is how many calls are made: a border of a hundred bytes is summed faster by Python than by NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from .refusal import ScoringRefused

Floats = npt.NDArray[np.float32]
Extent = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are the first pixels beyond."""

SIDE = 28
LONGER = 20
"""Pixels of the longer side of a digit in MNIST."""
MIDDLE = 14
"""The column and the row, counted from 0, that MNIST's digits have their centre of mass in."""
NEAR = 0.51
"""How far from there it is at most: MNIST moved digits by whole pixels."""
COARSE = 80
"""Pixels of the longer side to which larger pictures are averaged down before ink is looked for."""
SMALL = 3
"""A digit that goes more often than this into a picture that was averaged down is looked at again from closer by."""
EDGE = np.float32(0.4)
"""The share of the strongest ink from which a pixel counts when the digit's extent is measured."""
FAINT = np.float32(0.12)
"""The share of the strongest ink below which there is only paper and noise."""
FULL = np.float32(0.85)
"""The share of the strongest from which ink is full: MNIST's strokes are of one tone inside."""
LEAST = 8.0
"""Levels of 255 between the darkest and the lightest point, below which a picture shows nothing."""
LEVEL = 3.0
"""Levels that the paper may differ from edge to edge before that is taken out."""


def centred(grey: Image.Image, closer: Callable[[], Image.Image] | None = None) -> Floats:
    """The digit in `grey` (mode L) as MNIST would have it: (28, 28) from 0, paper, to 1, ink. Raises ScoringRefused.

    `closer` gives the same picture with all its pixels, for a digit that is small in it.
    """
    if _is_framed(grey):
        ink = _levels(grey, grey.tobytes()) * np.float32(1 / 255)
        if all(abs(place) < NEAR for place in _off_centre(ink)):
            return ink
    factor = -(-max(grey.size) // COARSE)
    small = grey if factor == 1 else grey.reduce(min(factor, min(grey.size) // 2))
    ink, strongest = _ink(small)
    extent = left, top, right, bottom = _extent(ink > EDGE * strongest if strongest > 0 else ink < EDGE * strongest)
    if (closer or factor > 1) and SMALL * max(right - left, bottom - top) < max(small.size):
        return centred(_part(closer() if closer else grey, _around(extent, small.size), small.size))
    return _placed(ink[top:bottom, left:right], strongest)


def _levels(grey: Image.Image, content: bytes) -> Floats:
    return np.frombuffer(content, np.uint8).reshape(grey.height, grey.width).astype(np.float32)


def _is_framed(grey: Image.Image) -> bool:
    """Whether `grey` is of MNIST's size, and what is not black in it as long as MNIST's digits are."""
    if grey.size != (SIDE, SIDE) or not (extent := grey.getbbox()):
        return False
    left, top, right, bottom = extent
    return max(right - left, bottom - top) == LONGER


def _off_centre(ink: Floats) -> tuple[float, float]:
    """How far right and below of MIDDLE the centre of mass of `ink` is when `ink` begins in the upper left corner."""
    height, width = ink.shape
    total, across = (_moments(width) @ ink.sum(axis=0)).tolist()
    _, down = (_moments(height) @ ink.sum(axis=1)).tolist()
    return across / (total or 1.0) - MIDDLE, down / (total or 1.0) - MIDDLE


def _ink(grey: Image.Image) -> tuple[Floats, np.float32]:
    """How far from the paper's level every pixel is, and the farthest: below 0 if the ink is darker than the paper."""
    content = grey.tobytes()
    paper, across, down = _paper(grey, content)
    ink = _levels(grey, content)
    ink -= np.float32(paper)
    if abs(across) + abs(down) > LEVEL:
        ink -= np.float32(across) * _ramp(grey.width)
        ink -= np.float32(down) * _ramp(grey.height)[:, None]
    flat = ink.ravel()
    if np.dot(flat * flat, flat) < 0:  # what is far from the paper is ink, however much of either there is
        return ink, np.float32(min(float(ink.min()), -LEAST))
    return ink, np.float32(max(float(ink.max()), LEAST))


def _paper(grey: Image.Image, content: bytes) -> tuple[float, float, float]:
    """The paper's level in the middle, its change from edge to edge across, and down, told by the picture's border."""
    width = grey.width
    edges = [content[:width], content[-width:], content[::width], content[width - 1 :: width]]
    border = sorted(b"".join(edges))
    middle = border[len(border) // 2]
    darkest, lightest = grey.getextrema()
    contrast: int = lightest - darkest  # type: ignore[operator, assignment]  # one band: two whole numbers
    if contrast < LEAST:
        raise ScoringRefused(400, "blank_image", "the image is of one tone; there is nothing to read in it")
    reach = contrast // 4
    low, high = middle - reach, middle + reach
    if border[0] < low or border[-1] > high:  # ink that touches the border is not paper
        edges = [bytes(min(max(level, low), high) for level in edge) for edge in edges]
    top, bottom, left, right = (sum(edge) / len(edge) for edge in edges)
    return (top + bottom + left + right) / 4, right - left, bottom - top


@lru_cache(maxsize=256)
def _ramp(count: int) -> Floats:
    return np.linspace(-0.5, 0.5, count, dtype=np.float32)


def _extent(mask: npt.NDArray[np.bool_]) -> Extent:
    """The rows and columns in which ink goes on to the next one: a grain of noise does not."""
    top, bottom = _ends(np.add.reduce(mask, axis=1))
    left, right = _ends(np.add.reduce(mask, axis=0))
    return left, top, right, bottom


def _ends(counts: npt.NDArray[np.int64]) -> tuple[int, int]:
    pairs = counts[1:] + counts[:-1] > 1
    first, last = int(pairs.argmax()), len(counts) - int(pairs[::-1].argmax())
    if not pairs[first]:
        return 0, len(counts)
    return (first if counts[first] else first + 1), (last if counts[last - 1] else last - 1)


def _around(extent: Extent, size: tuple[int, int]) -> Extent:
    """`extent` with half of its longer side added all around, as far as a picture of `size` goes."""
    left, top, right, bottom = extent
    more = max(right - left, bottom - top) // 2 + 1
    return max(left - more, 0), max(top - more, 0), min(right + more, size[0]), min(bottom + more, size[1])


def _part(whole: Image.Image, region: Extent, size: tuple[int, int]) -> Image.Image:
    """What `whole` shows in `region` of the same picture at `size`."""
    across, down = whole.width / size[0], whole.height / size[1]
    left, top, right, bottom = region
    return whole.crop(
        (
            int(left * across),
            int(top * down),
            min(int(right * across), whole.width),
            min(int(bottom * down), whole.height),
        )
    )


def _placed(ink: Floats, strongest: np.float32) -> Floats:
    """`ink` without paper and noise, scaled and moved to where MNIST has it."""
    height, width = ink.shape
    scale = LONGER / max(height, width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    strokes = (_weights(height, tall) @ ink @ _weights(width, wide).T).astype(np.float32, copy=False)
    faint = FAINT * strongest
    strokes -= faint
    reach = max(strokes.max(), faint) if strongest > 0 else min(strokes.min(), faint)
    strokes *= 1 / (FULL * reach)  # thin lines grow faint where they are made smaller
    np.maximum(strokes, 0, out=strokes)
    np.minimum(strokes, 1, out=strokes)
    right, below = _off_centre(strokes)
    column, row = min(max(round(-right), 0), SIDE - wide), min(max(round(-below), 0), SIDE - tall)
    placed = np.zeros((SIDE, SIDE), np.float32)
    placed[row : row + tall, column : column + wide] = strokes
    return placed


@lru_cache(maxsize=SIDE)
def _moments(count: int) -> Floats:
    """What gives the mass of `count` pixels and their moment: (2, count)."""
    return np.stack([np.ones(count, np.float32), np.arange(count, dtype=np.float32)])


@lru_cache(maxsize=256)
def _weights(given: int, wanted: int) -> Floats:
    """What turns `given` pixels in a row into `wanted`, by triangles that cover each: (wanted, given)."""
    scale = given / wanted
    middles = (np.arange(wanted) + 0.5) * scale
    apart = np.abs(np.arange(given) + 0.5 - middles[:, None]) / max(scale, 1.0)
    weights = np.maximum(1 - apart, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    triangles: Floats = weights.astype(np.float32)
    return triangles
