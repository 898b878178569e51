"""Train the digit model and export it: `python -m scoring.train`. Same seed, same machine, same model.

Writes the folder INPUT_model (a SavedModel, and beside it model.tflite that knows which SavedModel it was made from)
and the model card. Takes half a minute on two cores; TensorFlow and scikit-learn have to be installed, serving needs
neither.
"""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scoring import model_card
from scoring.digits import SIDE, Digits, augmented, load_split
from scoring.engines import LITERT_FILE, MODEL_FOLDER, fingerprint_mark, load, signature_call

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the weights."""

    seed: int = 7
    copies: int = 24
    """Drawings of each scan beside the plain one."""
    epochs: int = 12
    batch: int = 128
    learning_rate: float = 4e-3


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the digit model and export it.")
    parser.add_argument("--output", type=Path, default=HERE / "model", help="folder that receives INPUT_model")
    parser.add_argument("--seed", type=int, default=Settings().seed)
    arguments = parser.parse_args()
    settings = Settings(seed=arguments.seed)
    trained, held_out = load_split()
    model = train(settings, trained)
    print("exporting and judging")
    export(model, arguments.output / MODEL_FOLDER)
    engine = load(arguments.output)
    accuracy = model_card.write(
        arguments.output, engine, trained, held_out, model.count_params(), drawings=settings.copies + 1
    )
    print(f"wrote {arguments.output / MODEL_FOLDER}: accuracy {accuracy:.3f} on the part held out")


def train(settings: Settings, digits: Digits, progress: bool = True) -> Any:
    """A Keras model trained on `digits`: (n, 28, 28, 1) from 0 to 1 becomes (n, 10) probabilities.

    `progress` shows every epoch.
    """
    tf = _quiet_tensorflow()
    tf.keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    pictures, labels = augmented(digits, settings.copies, np.random.default_rng(settings.seed))
    model = network(tf)
    steps = settings.epochs * -(-len(pictures) // settings.batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    model.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    verbose = 2 if progress else 0
    model.fit(pictures[..., None], labels, batch_size=settings.batch, epochs=settings.epochs, verbose=verbose)
    return model


def _quiet_tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    return tf


def network(tf: Any) -> Any:
    """Three strided convolutions: 0.5 million multiplications a picture, an eighth of the tutorial's network."""
    layers = tf.keras.layers
    stack = [tf.keras.Input((SIDE, SIDE, 1), name="image")]
    for filters in (16, 32, 64):
        stack.append(layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False))
        stack += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    stack += [layers.Flatten(), layers.Dropout(0.3), layers.Dense(10, activation="softmax")]
    return tf.keras.Sequential(stack, name="digits")


def export(model: Any, folder: Path) -> None:
    """Write `model` as a SavedModel with its LiteRT file; an older export in `folder` is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    model.export(str(folder), verbose=False)
    (folder / LITERT_FILE).write_bytes(_marked(_converted(folder), fingerprint_mark(folder)))


def _converted(saved_model: Path) -> bytes:
    """The LiteRT form of a SavedModel, for any number of pictures."""
    tf = _quiet_tensorflow()
    loaded = tf.saved_model.load(str(saved_model))
    call = tf.function(signature_call(loaded)).get_concrete_function(tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32))
    converted: bytes = tf.lite.TFLiteConverter.from_concrete_functions([call], loaded).convert()
    return converted


def _marked(light: bytes, mark: bytes) -> bytes:
    """`light` with `mark` as the description that its format has room for."""
    from tensorflow.lite.tools import flatbuffer_utils

    content = flatbuffer_utils.read_model_from_bytearray(bytearray(light))
    content.description = mark
    return bytes(flatbuffer_utils.convert_object_to_bytearray(content))


if __name__ == "__main__":
    main()
