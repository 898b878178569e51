"""How much the model's accuracy owes to the part that was held out: the same training on other splits of the scans.

`python -m bench.scoring.splits` prints a table; about a minute a split on two cores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scoring.digits import load_split
from scoring.engines import MODEL_FOLDER, load
from scoring.judge import LOOKS, accuracies
from scoring.train import Settings, export, train

SEEDS = (1, 2, 3, 4, 5)
"""Of the splits; the example's model was trained on another one."""


def main() -> None:
    print(table([judged(seed) for seed in SEEDS]))


def judged(seed: int) -> Mapping[str, float]:
    """The accuracy in every look of a model that is trained on split `seed` and judged on what it holds out."""
    trained, held_out = load_split(seed)
    model = train(Settings(), trained, progress=False)
    with TemporaryDirectory() as folder:
        export(model, Path(folder) / MODEL_FOLDER)
        return accuracies(load(Path(folder)), held_out)


def table(measured: Sequence[Mapping[str, float]]) -> str:
    """The lowest, mean and highest accuracy in every look, as Markdown."""
    lines = ["| look | lowest | mean | highest |", "|---|---|---|---|"]
    for look in LOOKS:
        found = [accuracy[look] for accuracy in measured]
        lines.append(f"| {look} | {min(found):.3f} | {sum(found) / len(found):.3f} | {max(found):.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
