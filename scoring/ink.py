"""A grey picture of any size -> the digit in it as MNIST has digits: bright on black, 20 of 28 pixels long, centred.

MNIST's pictures were made so (http://yann.lecun.com/exdb/mnist/): the longer side of the ink is brought to 20 pixels,
its centre of mass to the middle of 28x28. A picture that is so already is left alone. Arrays are small, so that what
counts is how many calls are made: a border of a hundred bytes is summed faster by Python than by NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import cast

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
EDGE = 0.4
"""The share of the strongest ink from which a pixel counts when the digit's extent is measured."""
FAINT = 0.12
"""The share of the strongest ink below which there is only paper and noise."""
FULL = 0.85
"""The share of the strongest from which ink is full: MNIST's strokes are of one tone inside."""
NOTHING, WHOLE = np.float32(0), np.float32(1)
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
    (mass, across), (down, _) = _moments(height).dot(ink).dot(_moments(width).T).tolist()
    return across / (mass or 1.0) - MIDDLE, down / (mass or 1.0) - MIDDLE


def _ink(grey: Image.Image) -> tuple[Floats, float]:
    """How far from the paper's level every pixel is, and the farthest: below 0 if the ink is darker than the paper."""
    content = grey.tobytes()
    darkest, lightest = cast("tuple[int, int]", grey.getextrema())  # one band: two whole numbers
    if lightest - darkest < LEAST:
        raise ScoringRefused(400, "blank_image", "the image is of one tone; there is nothing to read in it")
    paper, across, down = _paper(content, grey.width, (lightest - darkest) // 4)
    ink = _levels(grey, content)
    if paper:
        ink -= np.float32(paper)
    if paper in (darkest, lightest):
        return ink, darkest + lightest - 2 * paper
    if abs(across) + abs(down) > LEVEL:
        ink -= np.float32(across) * _ramp(grey.width)
        ink -= np.float32(down) * _ramp(grey.height)[:, None]
    flat = ink.ravel()
    if np.dot(flat * flat, flat) < 0:  # what is far from the paper is ink, however much of either there is
        return ink, min(float(ink.min()), -LEAST)
    return ink, max(float(ink.max()), LEAST)


def _paper(content: bytes, width: int, reach: int) -> tuple[float, float, float]:
    """The paper's level in the middle, its change from edge to edge across, and down, told by the picture's border.

    What is further than `reach` from the border's median is ink that touches it.
    """
    edges = [content[:width], content[-width:], content[::width], content[width - 1 :: width]]
    border = sorted(b"".join(edges))
    middle = border[len(border) // 2]
    if border[0] == border[-1]:
        return middle, 0.0, 0.0
    low, high = middle - reach, middle + reach
    if border[0] < low or border[-1] > high:
        edges = [bytes(min(max(level, low), high) for level in edge) for edge in edges]
    top, bottom, left, right = (sum(edge) / len(edge) for edge in edges)
    return (top + bottom + left + right) / 4, right - left, bottom - top


@lru_cache(maxsize=256)
def _ramp(count: int) -> Floats:
    return np.linspace(-0.5, 0.5, count, dtype=np.float32)


def _extent(mask: npt.NDArray[np.bool_]) -> Extent:
    """The rows and columns in which ink goes on to the next one, as a grain of noise does not if there is more."""
    height, width = mask.shape
    top, bottom = _ends(mask.tobytes(), width)
    left, right = _ends(mask.T.tobytes(), height)
    return left, top, right, bottom


def _ends(mask: bytes, length: int) -> tuple[int, int]:
    """The first of the lines of `length` in `mask` with ink beyond a grain, and the one after the last.

    Where there are only grains, from the first to the last of them: a small digit averaged down is no more. Else all.
    """
    first, last = 0, len(mask)
    while (at := mask.find(1, first)) >= 0:
        first = at - at % length
        if mask.count(1, first, first + 2 * length) > 1:
            break
        first += length
    else:
        grains = mask.find(1), mask.rfind(1)
        return (grains[0] // length, grains[1] // length + 1) if grains[0] >= 0 else (0, len(mask) // length)
    while (at := mask.rfind(1, first, last)) >= 0:
        last = at - at % length + length
        if mask.count(1, max(last - 2 * length, first), last) > 1:
            break
        last -= length
    return first // length, last // length


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


def _placed(ink: Floats, strongest: float) -> Floats:
    """`ink` without paper and noise, scaled and moved to where MNIST has it."""
    height, width = ink.shape
    scale = LONGER / max(height, width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    strokes: Floats = _weights(height, tall).dot(ink).dot(_weights(width, wide).T)
    faint = FAINT * strongest
    strokes -= np.float32(faint)
    extreme, farther = (np.maximum, max) if strongest > 0 else (np.minimum, min)
    reach = farther(float(extreme.reduce(strokes, None)), faint)
    strokes *= np.float32(1 / (FULL * reach))  # thin lines grow faint where they are made smaller
    np.maximum(strokes, NOTHING, out=strokes)
    np.minimum(strokes, WHOLE, out=strokes)
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
