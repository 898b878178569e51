"""Wherever, however large and in whichever tones a digit stands in a picture, the model gets it as MNIST has digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scoring import mnist_data
from scoring.ink import LONGER, SIDE, Floats, _extent, centred
from scoring.refusal import ScoringRefused

IMAGES, LABELS, _ = mnist_data.load()
ONE = IMAGES[LABELS == 1][0]
SOME = range(0, 10_000, 97)


def page(digit: np.ndarray, size: tuple[int, int], side: int, at: tuple[int, int]) -> Image.Image:
    """`digit` enlarged to `side` pixels, its corner `at` pixels from the left and the top of a black picture."""
    picture = Image.new("L", size)
    picture.paste(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC), at)
    return picture


def extent(picture: Floats) -> int:
    """The longer side of what is not black."""
    left, top, right, bottom = Image.fromarray((picture * 255).astype(np.uint8)).getbbox() or (0, 0, 0, 0)
    return max(right - left, bottom - top)


def assert_as_mnist(seen: Floats) -> None:
    assert seen.shape == (SIDE, SIDE)
    assert 0 <= seen.min() <= 0.95 <= seen.max() <= 1
    assert LONGER - 2 <= extent(seen) <= LONGER
    for axis in (0, 1):
        assert abs(float(seen.sum(axis=axis) @ np.arange(SIDE) / seen.sum()) - 14) <= 0.51


def lines_with_ink(counts: list[int]) -> tuple[int, int]:
    """The first line whose ink goes on to the next one or is more than a grain, and the one after the last.

    Where there are only grains, of all of them.
    """
    lines = [at for at in range(len(counts)) if counts[at]]
    ends = [at for at in lines if sum(counts[max(at - 1, 0) : at + 2]) > 1] or lines
    return (ends[0], ends[-1] + 1) if ends else (0, len(counts))


@given(st.integers(2, 12), st.integers(2, 12), st.data())
def test_the_extent_is_where_ink_goes_on(height: int, width: int, data: st.DataObject) -> None:
    inked = data.draw(st.sets(st.integers(0, height * width - 1), max_size=6))
    mask = np.isin(np.arange(height * width), list(inked)).reshape(height, width)
    left, top, right, bottom = _extent(mask)
    assert (top, bottom) == lines_with_ink(mask.sum(axis=1).tolist())
    assert (left, right) == lines_with_ink(mask.sum(axis=0).tolist())


@pytest.mark.parametrize("number", SOME)
def test_digits_of_mnist_are_left_alone(number: int) -> None:
    np.testing.assert_array_equal((centred(Image.fromarray(IMAGES[number])) * 255).round(), IMAGES[number])


def test_all_but_two_digits_of_mnist_are_as_we_think_they_all_are() -> None:
    alone = [np.array_equal((centred(Image.fromarray(image)) * 255).round(), image) for image in IMAGES]
    assert sum(alone) >= 9_998


@pytest.mark.parametrize("number", SOME)
def test_dark_on_light_is_the_same_digit(number: int) -> None:
    light = page(IMAGES[number], (31, 30), 28, (1, 2))
    dark = light.point([255 - level for level in range(256)])
    np.testing.assert_allclose(centred(dark), centred(light), atol=1e-5)


@settings(max_examples=40)
@given(
    number=st.sampled_from(list(SOME)),
    side=st.integers(28, 400),
    room=st.tuples(st.integers(0, 600), st.integers(0, 600)),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    dark=st.booleans(),
)
def test_wherever_it_stands_its_ink_is_twenty_pixels_long_and_in_the_middle(
    number: int, side: int, room: tuple[int, int], share: tuple[float, float], dark: bool
) -> None:
    at = (int(room[0] * share[0]), int(room[1] * share[1]))
    picture = page(IMAGES[number], (side + room[0], side + room[1]), side, at)
    seen = centred(picture.point([255 - level for level in range(256)]) if dark else picture)
    assert_as_mnist(seen)


# A digit of 28 pixels is one to three pixels with much ink where so long a picture is averaged down: (digit, size, at).
LOST = [
    (4268, (28, 561), (0, 533)),
    (4268, (28, 628), (0, 300)),
    (6078, (353, 614), (53, 242)),
    (6930, (28, 448), (0, 178)),
]


@pytest.mark.parametrize(("number", "size", "at"), LOST)
def test_a_digit_of_a_few_grains_in_the_picture_averaged_down_is_looked_at_from_closer_by(
    number: int, size: tuple[int, int], at: tuple[int, int]
) -> None:
    assert_as_mnist(centred(page(IMAGES[number], size, 28, at)))


@pytest.mark.parametrize("margin", [1, 2, 4, 40])
@pytest.mark.parametrize("dark", [True, False])
def test_a_one_is_not_inverted_however_closely_it_is_cut_out(margin: int, dark: bool) -> None:
    left, top, right, bottom = Image.fromarray(ONE).getbbox() or (0, 0, 0, 0)
    cut = np.pad(ONE[top:bottom, left:right], margin)
    seen = centred(Image.fromarray(255 - cut if dark else cut))
    assert 0.02 < seen.mean() < 0.15


@pytest.mark.parametrize("number", SOME)
def test_paper_that_grows_darker_is_taken_out(number: int) -> None:
    down, across = np.mgrid[0:84, 0:84] / 83
    ink = np.asarray(Image.fromarray(IMAGES[number]).resize((84, 84), Image.Resampling.BICUBIC)) / 255 * 130
    even, uneven = (np.full((84, 84), 195) - ink, 150 + 60 * across + 30 * down - ink)
    seen, expected = (centred(Image.fromarray(picture.astype(np.uint8))) for picture in (uneven, even))
    np.testing.assert_allclose(seen, expected, atol=0.12)


def test_a_few_grains_of_noise_do_not_make_the_digit_smaller() -> None:
    picture = 255 - np.asarray(page(IMAGES[5000], (80, 80), 40, (20, 20)))
    clean = centred(Image.fromarray(picture))
    picture = picture.copy()
    picture[[3, 8, 70, 76], [60, 5, 74, 33]] = 0
    np.testing.assert_allclose(centred(Image.fromarray(picture)), clean, atol=0.05)


@given(st.data())
def test_any_picture_is_read_or_refused(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(8, 80)), data.draw(st.integers(8, 80))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    levels = data.draw(st.integers(1, 256))
    noise = rng.integers(0, levels, (height, width)) * (rng.random((height, width)) < data.draw(st.floats(0, 1)))
    try:
        seen = centred(Image.fromarray(noise.astype(np.uint8)))
    except ScoringRefused:
        assert np.ptp(noise) < 8
    else:
        assert seen.shape == (SIDE, SIDE)
        assert np.isfinite(seen).all()
        assert 0 <= seen.min() <= seen.max() <= 1
