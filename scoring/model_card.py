"""The model card: what the model is, how well it reads, and the picture of what it confuses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scoring.digits import Digits
from scoring.engines import Engine
from scoring.judge import LOOKS, Readings, by_digit, confident_without_digit, confusion, in_looks

CONFUSION_FILE = "confusion.png"
CARD = """# Digit model

Reads one handwritten digit in a picture: three strided convolutions and a dense layer, {parameters:,} parameters.
Before that, the ink is found, brought to 20 of 28 pixels and centred, as MNIST's digits are.

Trained on {mnist:,} digits of MNIST and {scans:,} of the scans that scikit-learn bundles (`load_digits`), each drawn
many times: shifted, scaled, turned, slanted, pulled about, with thick and thin pens, dark on light and light on dark,
in uneven light, with noise; and on pictures without a digit: letters, signs, scribbles, shapes, textures, digits taken
apart. `python -m scoring.train` makes it again; the same seed on the same machine gives the same weights.

Of {held_out:,} digits of MNIST held out it reads **{accuracy:.4f}** right and is confident of {confident:.3f}. Held out
are those whose place among their digit's is a multiple of 5; settings, temperature and confidence were chosen on
another tenth.

| digit | {digits} |
|---|{dashes}
| read right | {per_digit} |

| look | | MNIST | confident | scikit-learn's scans |
|---|---|---|---|---|
{looks}

![What is read as what](confusion.png)

Asked about 50 pictures each of twelve kinds without a digit, nine of which it was not trained on, it is confident of
{mistaken:.3f}:

| kind | confident |
|---|---|
{others}

`confident` is false where the picture shows no digit, or one that could as well be another. It is learned, not proven:
some letters look like digits (O, l, S, Z, B, q), and two digits in one picture get one answer.
"""


def write(
    folder: Path, engine: Engine, mnist: Digits, scans: Digits, trained: tuple[int, int], parameters: int
) -> float:
    """Write README.md and confusion.png into `folder`; returns the accuracy on `mnist`. Both parts were held out.

    `trained` counts the digits of MNIST and the scans that the model was trained on.
    """
    real, small = in_looks(engine, mnist), in_looks(engine, scans)
    others = confident_without_digit(engine)
    plain = real["plain"]
    _plot(confusion(mnist.labels, plain.labels), folder / CONFUSION_FILE)
    text = CARD.format(
        parameters=parameters,
        mnist=trained[0],
        scans=trained[1],
        held_out=len(mnist.labels),
        accuracy=_right(plain, mnist),
        confident=float(plain.confident.mean()),
        digits=" | ".join(map(str, range(10))),
        dashes="---|" * 10,
        per_digit=" | ".join(f"{share:.3f}" for share in by_digit(mnist.labels, plain.labels)),
        looks="\n".join(_look(name, real[name], mnist, small[name], scans) for name in LOOKS),
        mistaken=sum(others.values()) / len(others),
        others=_others(others),
    )
    (folder / "README.md").write_text(text)
    return _right(plain, mnist)


def _right(found: Readings, digits: Digits) -> float:
    return float((found.labels == digits.labels).mean())


def _look(name: str, real: Readings, mnist: Digits, small: Readings, scans: Digits) -> str:
    shares = (_right(real, mnist), float(real.confident.mean()), _right(small, scans))
    return f"| {name} | {LOOKS[name][0]} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"


def _others(shares: Mapping[str, float]) -> str:
    return "\n".join(f"| {kind} | {share:.2f} |" for kind, share in shares.items())


def _plot(counts: npt.NDArray[np.int64], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="read as", ylabel="digit", xticks=range(10), yticks=range(10))
    axes.imshow(counts, cmap="Blues")
    for row, column in np.argwhere(counts):
        shade = "white" if row == column else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=shade)
    figure.savefig(path, dpi=100, metadata={"Software": None})
