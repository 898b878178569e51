"""Train the digit model and export it: `python -m scoring.train`. Same seed, same machine, same model.

Writes the folder INPUT_model (a SavedModel, and beside it model.tflite that knows which SavedModel it was made from)
and the model card. Takes a quarter of an hour on two cores; TensorFlow, scikit-learn and Matplotlib have to be
installed, serving needs none of them. `--full` trains on all of MNIST, which Keras downloads.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scoring import model_card, training_set
from scoring.digits import Digits, full_mnist_parts, load_split, mnist_parts
from scoring.engines import LITERT_FILE, MODEL_FOLDER, fingerprint_mark, load, signature_call
from scoring.ink import SIDE, Floats
from scoring.mnist_data import Bytes
from scoring.training_set import NO_DIGIT, Amount

HERE = Path(__file__).parent
TEMPERATURES = np.geomspace(0.5, 2.0, 61)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the weights."""

    seed: int = 7
    amount: Amount = field(default_factory=Amount)
    epochs: int = 4
    batch: int = 128
    learning_rate: float = 4e-3
    confident: float = 0.975
    """The share of the tuning digits that the model is to be confident of."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the digit model and export it.")
    parser.add_argument("--output", type=Path, default=HERE / "model", help="folder that receives INPUT_model")
    parser.add_argument("--seed", type=int, default=Settings().seed)
    parser.add_argument("--full", action="store_true", help="train on all of MNIST, which Keras downloads")
    arguments = parser.parse_args()
    settings = Settings(seed=arguments.seed)
    mnist, (scans, scans_held_out) = full_mnist_parts() if arguments.full else mnist_parts(), load_split()
    model = train(settings, [mnist.trained, scans], mnist.tuned)
    print("exporting and judging")
    export(model, arguments.output / MODEL_FOLDER)
    engine = load(arguments.output)
    trained = len(mnist.trained.scans), len(scans.scans)
    card = model_card.write(arguments.output, engine, mnist.held_out, scans_held_out, trained, model.count_params())
    print(f"wrote {arguments.output / MODEL_FOLDER}: accuracy {card:.4f} on the digits held out")


def train(settings: Settings, sources: Sequence[Digits], tuning: Digits, progress: bool = True) -> Any:
    """A Keras model trained on `sources`: (n, 28, 28, 1) from 0 to 1 becomes (n, 11), as `engines.Engine` says.

    `tuning` decides the temperature and how sure is sure enough; `progress` shows every epoch.
    """
    tf = _quiet_tensorflow()
    pictures, labels = training_set.made(sources, settings.amount, settings.seed)
    tf.keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    logits = network(tf)
    steps = settings.epochs * (len(pictures) // settings.batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    optimizer = tf.keras.optimizers.AdamW(rate, weight_decay=1e-4, use_ema=True, ema_momentum=0.999)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    logits.compile(optimizer, loss, metrics=["accuracy"])
    batches = _batches(tf, pictures, labels, settings)
    logits.fit(batches, epochs=settings.epochs, shuffle=False, verbose=2 if progress else 0)
    _calibrate(logits, tuning, settings.confident)
    return answering(tf, logits)


def _batches(tf: Any, pictures: Bytes, labels: Any, settings: Settings) -> Any:
    shuffled = tf.data.Dataset.from_tensor_slices((pictures, labels)).shuffle(len(pictures), seed=settings.seed)
    return shuffled.batch(settings.batch, drop_remainder=True).map(
        lambda levels, label: (tf.cast(levels[..., None], tf.float32) / 255, label)
    )


def _quiet_tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    return tf


def network(tf: Any) -> Any:
    """Three strided convolutions: 0.9 million multiplications a picture, a fifth of the tutorial's network.

    It gives eleven logits, the last one for a picture without a digit.
    """
    layers = tf.keras.layers
    stack = [tf.keras.Input((SIDE, SIDE, 1), name="image")]
    for filters in (20, 40, 80):
        stack.append(layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False))
        stack += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    stack += [layers.Flatten(), layers.Dropout(0.3), layers.Dense(NO_DIGIT + 1, name="logits")]
    return tf.keras.Sequential(stack, name="digits")


def answering(tf: Any, logits: Any) -> Any:
    """`logits` with what an engine gives: the softmax of the digits, and the largest share among all eleven."""
    ops = tf.keras.ops
    given = logits.outputs[0]
    digits, shares = ops.softmax(given[:, :NO_DIGIT]), ops.softmax(given)[:, :NO_DIGIT]
    sure = ops.max(shares, axis=1, keepdims=True)
    return tf.keras.Model(logits.inputs[0], ops.concatenate([digits, sure], axis=1), name="digits")


def _calibrate(logits: Any, tuning: Digits, confident: float) -> None:
    """Divide the last layer by the temperature that suits `tuning`, and set from when a picture has no digit.

    "On Calibration of Modern Neural Networks", Guo et al. 2017: https://arxiv.org/abs/1706.04599.
    """
    given = logits.predict(training_set.plain(tuning)[..., None] / np.float32(255), verbose=0)
    kernel, bias = logits.get_layer("logits").get_weights()
    temperature = _temperature(given[:, :NO_DIGIT], tuning.labels)
    bias[NO_DIGIT] += _room(given / temperature, 1 - confident) * temperature
    logits.get_layer("logits").set_weights([kernel / temperature, bias / temperature])


def _temperature(given: Floats, labels: Any) -> float:
    """The divisor of logits (n, 10) under which `labels` are the likeliest."""

    def surprise(temperature: float) -> float:
        scaled = given / temperature
        right = scaled[np.arange(len(labels)), labels]
        return float((np.logaddexp.reduce(scaled, axis=1) - right).mean())

    return float(min(TEMPERATURES, key=surprise))


def _room(given: Floats, share: float) -> float:
    """What may be added to the last of logits (n, 11) before the best digit has under half in `share` of the rows."""
    digits = np.sort(given[:, :NO_DIGIT].astype(np.float64), axis=1)
    best, others = digits[:, -1], np.exp(digits[:, :-1] - digits[:, -1:]).sum(axis=1)
    room = best + np.log(np.maximum(1 - others, 1e-12)) - given[:, NO_DIGIT]
    return float(np.quantile(room, share))


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
