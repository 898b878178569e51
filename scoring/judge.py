"""How well a model reads digits it was not trained on, in the looks that users send, and how well it tells others.

Every drawing is written as an image file and read back the way a request is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring import judged_others
from scoring.contract import CLASSES, CONFIDENT
from scoring.digits import Digits, Labels
from scoring.engines import Engine
from scoring.images import opened, picture
from scoring.ink import SIDE
from scoring.looks import PLAIN, Look, draw, jpeg, photograph_look, png
from scoring.refusal import ScoringRefused
from scoring.samples import PHOTOGRAPH

LookOf = Callable[[np.random.Generator], Look]

LOOKS: dict[str, tuple[str, LookOf]] = {
    "plain": ("the scan as it is", lambda _: PLAIN),
    "shifted": ("off the centre by up to 4 of 28 pixels", lambda rng: _shifted(rng, 4 / SIDE)),
    "scaled": ("from half the picture to a tenth beyond it", lambda rng: Look(scale=rng.uniform(0.5, 1.1))),
    "inverted": ("dark on light", lambda _: Look(paper=1.0, ink=0.0)),
    "noisy": ("noise of a tenth of the range", lambda _: Look(noise=0.1)),
    "thick": ("a thick pen", lambda _: Look(edge=0.25)),
    "thin": ("a thin pen", lambda _: Look(edge=0.6)),
    "turned": ("by up to 11 degrees", lambda rng: Look(scale=0.85, rotation=rng.uniform(-0.2, 0.2))),
    "photograph": ("640x480 JPEG, dark pen, uneven light, off the centre", photograph_look),
}
"""Name -> what it means, and a look of that kind."""


def _shifted(rng: np.random.Generator, reach: float) -> Look:
    return Look(scale=0.8, shift=(rng.uniform(-reach, reach), rng.uniform(-reach, reach)))


def image_files(digits: Digits, name: str, seed: int = 11) -> list[bytes]:
    """Every scan drawn in the look called `name`: PNG files of 28x28 pixels, photographs as JPEG files of 640x480."""
    rng = np.random.default_rng(seed)
    _, look_of = LOOKS[name]
    if name == "photograph":
        return [jpeg(draw(scan, look_of(rng), rng, PHOTOGRAPH)) for scan in digits.scans]
    return [png(draw(scan, look_of(rng), rng)) for scan in digits.scans]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What an engine made of n pictures: labels (n,), and whether it was confident (n,)."""

    labels: Labels
    confident: npt.NDArray[np.bool_]


def readings(engine: Engine, files: list[bytes], full_decode: bool = False) -> Readings:
    """What `engine`, of eleven outputs, makes of each of `files`."""
    answers = engine.answers(np.stack([picture(opened(file), full_decode) for file in files]))
    labels: Labels = answers[:, :CLASSES].argmax(axis=1)
    return Readings(labels=labels, confident=answers[:, CLASSES] >= CONFIDENT)


def labels_of(engine: Engine, files: list[bytes], full_decode: bool = False) -> Labels:
    """What `engine` reads in each of `files`."""
    return readings(engine, files, full_decode).labels


def in_looks(engine: Engine, digits: Digits) -> dict[str, Readings]:
    """What `engine` makes of `digits` in every look of LOOKS."""
    return {name: readings(engine, image_files(digits, name)) for name in LOOKS}


def accuracies(engine: Engine, digits: Digits) -> dict[str, float]:
    """The share that `engine` reads right, for every look of LOOKS."""
    return {name: float((found.labels == digits.labels).mean()) for name, found in in_looks(engine, digits).items()}


def by_digit(labels: Labels, read: Labels) -> list[float]:
    """The share read right of each digit from 0 to 9."""
    return [float((read[labels == digit] == digit).mean()) for digit in range(CLASSES)]


def confident_without_digit(engine: Engine) -> Mapping[str, float]:
    """The share of pictures without a digit that `engine` is confident of, for each kind; not of those refused."""
    shares = {}
    for kind in judged_others.KINDS:
        files = judged_others.image_files(kind)
        asked = [file for file in files if not _is_blank(file)]
        shares[kind] = float(readings(engine, asked).confident.sum()) / len(files)
    return shares


def _is_blank(file: bytes) -> bool:
    try:
        picture(opened(file))
    except ScoringRefused:
        return True
    return False


def confusion(labels: Labels, read: Labels) -> npt.NDArray[np.int64]:
    """How often digit `row` was read as `column`: (10, 10)."""
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (labels, read), 1)
    return counts
