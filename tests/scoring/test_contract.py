"""What a good request is answered with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from scoring.contract import MAX_IMAGES, answer
from scoring.engines import LiteRT
from scoring.images import UPRIGHT
from scoring.ink import Floats
from tests.scoring.bodies import body, in_alpha_only, saved, sixteen_bit, turned_with_exif

DATA = Path(__file__).resolve().parents[2] / "data"


def test_one_image_is_answered_with_its_digit(engine: LiteRT, seven: bytes) -> None:
    assert answer(body(seven), engine) == 7


def test_a_list_is_answered_with_a_list(engine: LiteRT, seven: bytes) -> None:
    three = (DATA / "three-photograph.jpg").read_bytes()
    assert answer(body(seven, three, as_list=True), engine) == [7, 3]
    assert answer(body(seven, as_list=True), engine) == [7]
    assert answer(b'{"data": []}', engine) == []


def test_as_many_images_as_the_limit_are_answered(engine: LiteRT, seven: bytes) -> None:
    assert answer(body(*[seven] * MAX_IMAGES, as_list=True), engine) == [7] * MAX_IMAGES


def test_probabilities_come_with_the_digit(engine: LiteRT, seven: bytes) -> None:
    given = answer(body(seven, probabilities=True), engine)
    assert isinstance(given, dict)
    assert given["digit"] == 7
    assert len(given["probabilities"]) == 10
    assert max(given["probabilities"]) == given["probabilities"][7] > 0.9
    assert sum(given["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert given["confident"] is True
    assert answer(body(seven, probabilities=False), engine) == 7
    assert answer(body(seven, as_list=True, probabilities=True), engine) == [given]


def test_a_picture_without_a_digit_gets_one_that_is_not_confident(engine: LiteRT) -> None:
    cross = Image.new("L", (90, 70), 240)
    ImageDraw.Draw(cross).line([20, 10, 70, 60], 20, 9)
    ImageDraw.Draw(cross).line([70, 10, 20, 60], 20, 9)
    given = answer(body(saved(cross), probabilities=True), engine)
    assert isinstance(given, dict)
    assert given["confident"] is False
    assert answer(body(saved(cross)), engine) == given["digit"] in range(10)


class TenOutputs:
    """An engine around a model that knows ten digits and nothing else."""

    name = "ten"

    def answers(self, pictures: Floats) -> Floats:
        return np.tile(np.array([0.1] * 7 + [0.3, 0, 0], np.float32), (len(pictures), 1))


def test_a_model_of_ten_outputs_says_nothing_about_confidence(seven: bytes) -> None:
    given = answer(body(seven, probabilities=True), TenOutputs())
    assert given == {"digit": 7, "probabilities": pytest.approx([0.1] * 7 + [0.3, 0, 0])}


def test_every_answer_is_plain_json(engine: LiteRT, seven: bytes) -> None:
    assert json.dumps(answer(body(seven), engine)) == "7"
    given = answer(body(seven, as_list=True, probabilities=True), engine)
    assert json.loads(json.dumps(given)) == given


@pytest.mark.parametrize("sample", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_the_samples_are_read_right(engine: LiteRT, sample: Path) -> None:
    digit = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].index(
        sample.stem.split("-")[0]
    )
    assert answer(body(sample.read_bytes()), engine) == digit


MODES = {
    "PNG": ("1", "L", "P", "RGB", "RGBA", "LA"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB"),
    "BMP": ("1", "L", "P", "RGB"),
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_every_format_and_mode_shows_the_same_digit(engine: LiteRT, kind: str, mode: str) -> None:
    image = Image.open(DATA / "seven.png").convert("L").resize((56, 56)).convert(mode)
    assert answer(body(saved(image, kind)), engine) == 7


@pytest.mark.parametrize("size", [(8, 8), (27, 29), (100, 60), (1000, 1400)], ids=str)
def test_every_size_is_read(engine: LiteRT, size: tuple[int, int]) -> None:
    assert answer(body(saved(Image.open(DATA / "seven.png").convert("L").resize(size))), engine) == 7


def test_a_transparent_image_is_seen_on_white(engine: LiteRT, seven: bytes) -> None:
    assert answer(body(in_alpha_only(seven, (0, 0, 0))), engine) == 7


def test_a_colour_that_means_transparent_is_seen_as_white(engine: LiteRT) -> None:
    image = Image.open(DATA / "seven.png").convert("L").point([255 if level < 128 else 0 for level in range(256)])
    assert answer(body(saved(image.point([0] * 128 + [90] * 128), transparency=90)), engine) == 7


def test_sixteen_bits_a_pixel_are_scaled_not_cut(engine: LiteRT, seven: bytes) -> None:
    plain = answer(body(seven, probabilities=True), engine)
    deep = answer(body(sixteen_bit(seven), probabilities=True), engine)
    assert isinstance(plain, dict)
    assert isinstance(deep, dict)
    assert deep["probabilities"] == pytest.approx(plain["probabilities"], abs=1e-5)


OPPOSITE = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}


@pytest.mark.parametrize("orientation", sorted(UPRIGHT))
def test_exif_orientation_is_undone(engine: LiteRT, seven: bytes, orientation: int) -> None:
    turn = UPRIGHT[orientation]
    stored = turned_with_exif(seven, orientation, OPPOSITE.get(turn, turn))
    assert answer(body(stored, probabilities=True), engine) == answer(body(seven, probabilities=True), engine)
