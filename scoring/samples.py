"""Write the sample images of the README and the tests into data/: `python -m scoring.samples`.

They are drawn from scans that the model was not trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from scoring.digits import Digits, Floats, Look, draw, load_split, photograph_look

PHOTOGRAPH = (640, 480)
PEN = Look(scale=0.85, edge=0.5, sharpness=14)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the sample images.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "data")
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    _, held_out = load_split()
    rng = np.random.default_rng(7)
    as_image(draw(first_of(held_out, 7), PEN, rng)).save(output / "seven.png")
    for label, name in ((2, "two"), (3, "three"), (7, "seven")):
        photograph = draw(first_of(held_out, label), photograph_look(rng), rng, PHOTOGRAPH)
        as_image(photograph).convert("RGB").save(output / f"{name}-photograph.jpg", quality=85)
    print(f"wrote {output}")


def first_of(digits: Digits, label: int) -> Floats:
    """The first scan of the digit `label`."""
    scan: Floats = digits.scans[int(np.flatnonzero(digits.labels == label)[0])]
    return scan


def as_image(picture: Floats) -> Image.Image:
    """A drawing from 0 to 1 as an 8-bit grey image."""
    return Image.fromarray((picture * 255).round().astype(np.uint8))


if __name__ == "__main__":
    main()
