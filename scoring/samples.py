"""Write the sample images of the README and the tests into data/: `python -m scoring.samples`.

They are drawn from digits that the model was not trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from scoring.digits import Digits, load_split, mnist_parts
from scoring.ink import Floats
from scoring.looks import PLAIN, Look, draw, jpeg, photograph_look, png

PHOTOGRAPH = (640, 480)
PEN = Look(scale=0.85, edge=0.5, sharpness=14)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the sample images.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "data")
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    _, held_out = load_split()
    rng = np.random.default_rng(7)
    (output / "seven.png").write_bytes(png(draw(first_of(held_out, 7), PEN, rng)))
    for label, name in ((2, "two"), (3, "three"), (7, "seven")):
        photograph = draw(first_of(held_out, label), photograph_look(rng), rng, PHOTOGRAPH)
        (output / f"{name}-photograph.jpg").write_bytes(jpeg(photograph))
    real = mnist_parts().held_out
    (output / "four-mnist.png").write_bytes(png(draw(first_of(real, 4), PLAIN, rng)))
    (output / "nine-on-white.png").write_bytes(png(draw(first_of(real, 9), Look(paper=1.0, ink=0.0), rng)))
    print(f"wrote {output}")


def first_of(digits: Digits, label: int) -> Floats:
    """The first scan of the digit `label`."""
    scan: Floats = digits.scans[int(np.flatnonzero(digits.labels == label)[0])]
    return scan


if __name__ == "__main__":
    main()
