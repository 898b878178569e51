"""Handwritten digits to train and judge the model with, and which of them training never sees. Nothing is downloaded.

MNIST's are 28x28 pixels, as `mnist_data` has them; scikit-learn's are 8x8 ("Optical Recognition of Handwritten Digits",
UCI, CC BY 4.0: https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html). Both are bright
ink on black.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring import mnist_data
from scoring.ink import Floats

Labels = npt.NDArray[np.int64]

HELD_OUT_EVERY = 5
TUNED_EVERY, TUNED_AT = 10, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Scans of shape (n, side, side) with ink from 0 to 1, and their labels of shape (n,)."""

    scans: Floats
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the weights are trained on, what settings are chosen by, and what neither has seen."""

    trained: Digits
    tuned: Digits
    held_out: Digits


def mnist_parts() -> Parts:
    """Of every digit's scans in their order each fifth is held out, the second of each ten tunes, the rest trains."""
    images, labels, places = mnist_data.load()
    held_out = places % HELD_OUT_EVERY == 0
    tuned = places % TUNED_EVERY == TUNED_AT
    parts = (_picked(images, labels, picked) for picked in (~held_out & ~tuned, tuned, held_out))
    trained, tuning, untouched = parts
    return Parts(trained=trained, tuned=tuning, held_out=untouched)


def full_mnist_parts() -> Parts:
    """All of MNIST: its 60,000 digits for training, less each tenth that tunes, and its 10,000 for testing held out.

    Keras downloads it once: https://keras.io/api/datasets/mnist/.
    """
    import keras

    (images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
    tuned = np.arange(len(labels)) % TUNED_EVERY == TUNED_AT
    return Parts(
        trained=_picked(images, labels, ~tuned),
        tuned=_picked(images, labels, tuned),
        held_out=_picked(test_images, test_labels, np.ones(len(test_labels), np.bool_)),
    )


def _picked(images: mnist_data.Bytes, labels: mnist_data.Bytes, picked: npt.NDArray[np.bool_]) -> Digits:
    return Digits(scans=images[picked].astype(np.float32) / np.float32(255), labels=labels[picked].astype(np.int64))


def load_split(seed: int = 7, held_out: float = 0.2) -> tuple[Digits, Digits]:
    """scikit-learn's scans to train on and those held out, with the same share of every digit in both."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bundled: Any = load_digits()
    scans, labels = (bundled.images / 16.0).astype(np.float32), bundled.target.astype(np.int64)
    split = train_test_split(scans, labels, test_size=held_out, random_state=seed, stratify=labels)
    return Digits(scans=split[0], labels=split[2]), Digits(scans=split[1], labels=split[3])
