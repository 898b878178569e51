"""How well a model reads digits it was not trained on: plain, and in the looks that users send.

Every drawing is written as an image file and read back the way a request is.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import numpy.typing as npt

from scoring.digits import PLAIN, SIDE, Digits, Floats, Labels, Look, draw, photograph_look
from scoring.engines import Engine
from scoring.images import opened, picture
from scoring.samples import PHOTOGRAPH, as_image

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


def png(drawing: Floats) -> bytes:
    """`drawing`, from 0 to 1, as a PNG file."""
    file = BytesIO()
    as_image(drawing).save(file, "PNG")
    return file.getvalue()


def jpeg(drawing: Floats) -> bytes:
    """`drawing`, from 0 to 1, as a JPEG file in colour, as cameras write them."""
    file = BytesIO()
    as_image(drawing).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def labels_of(engine: Engine, files: list[bytes], full_decode: bool = False) -> Labels:
    """What `engine` reads in each of `files`."""
    pictures = np.stack([picture(opened(file), full_decode) for file in files])
    labels: Labels = engine.probabilities(pictures).argmax(axis=1)
    return labels


def accuracies(engine: Engine, digits: Digits) -> dict[str, float]:
    """The share that `engine` reads right, for every look of LOOKS."""
    return {name: float((labels_of(engine, image_files(digits, name)) == digits.labels).mean()) for name in LOOKS}


def confusion(labels: Labels, read: Labels) -> npt.NDArray[np.int64]:
    """How often digit `row` was read as `column`: (10, 10)."""
    counts = np.zeros((10, 10), np.int64)
    np.add.at(counts, (labels, read), 1)
    return counts
