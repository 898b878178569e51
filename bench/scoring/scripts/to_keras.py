"""Write the weights of a SavedModel as a .keras file, which must answer alike: `to_keras.py FOLDER FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from scoring.engines import signature_call
from scoring.train import answering, network


def main(source: Path, target: Path) -> None:
    loaded = tf.saved_model.load(str(source))
    logits = network(tf)
    weights = [variable.numpy() for variable in loaded.variables if variable.dtype == tf.float32]
    logits.set_weights(weights)
    model = answering(tf, logits)
    pictures = np.random.default_rng(1).random((50, 28, 28, 1), np.float32)
    expected = signature_call(loaded)(tf.constant(pictures)).numpy()
    np.testing.assert_allclose(model(pictures, training=False).numpy(), expected, atol=1e-5)
    model.save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
