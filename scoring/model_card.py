"""The model card: what the model is, how well it reads, and the picture of what it confuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from scoring.digits import Digits
from scoring.engines import Engine
from scoring.judge import LOOKS, accuracies, confusion, image_files, labels_of

CONFUSION_FILE = "confusion.png"
CARD = """# Digit model

Reads one handwritten digit in a grey picture of 28x28 pixels: three strided convolutions and a dense layer,
{parameters:,} parameters. Trained on {trained:,} of the {all:,} scans that scikit-learn bundles (`load_digits`), each
drawn {drawings} times: shifted, scaled, turned, slanted, with thick and thin pens, dark on light and light on dark, in
uneven light, with noise. `python -m scoring.train` makes it again; the same seed on the same machine gives the same
weights.

Accuracy on the {held_out} scans held out: **{plain:.3f}**.

The settings were chosen with this part in sight; [five other splits](../../docs/benchmarks.md#accuracy), trained the
same way, show what to expect without that.

| look | | accuracy |
|---|---|---|
{rows}

![What is read as what](confusion.png)

It knows ten digits and nothing else: a letter, two digits in one picture or a photograph of a cat get a digit too. Ask
for the probabilities where that matters. The scans come from 13 people; expect less from other hands.
"""


def write(folder: Path, engine: Engine, trained: Digits, held_out: Digits, parameters: int, drawings: int) -> float:
    """Write README.md and confusion.png into `folder`; returns the accuracy on `held_out`."""
    measured = accuracies(engine, held_out)
    read = labels_of(engine, image_files(held_out, "plain"))
    _plot(confusion(held_out.labels, read), folder / CONFUSION_FILE)
    text = CARD.format(
        parameters=parameters,
        trained=len(trained.scans),
        all=len(trained.scans) + len(held_out.scans),
        drawings=drawings,
        held_out=len(held_out.scans),
        plain=measured["plain"],
        rows="\n".join(f"| {name} | {LOOKS[name][0]} | {accuracy:.3f} |" for name, accuracy in measured.items()),
    )
    (folder / "README.md").write_text(text)
    return measured["plain"]


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
