"""What asks the model: LiteRT when the exporter left its file beside the SavedModel, else TensorFlow.

LiteRT answers an image in some ten microseconds and needs 250 MB installed; TensorFlow needs 2.4 GB and is imported
only here, only when it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

CLASSES = 10
MODEL_FOLDER = "INPUT_model"
LITERT_FILE = "model.tflite"


class Engine(Protocol):
    """A loaded model."""

    name: str

    def probabilities(self, pictures: Floats) -> Floats:
        """Ten probabilities for each picture: (n, 28, 28) from 0, black, to 1, white, becomes (n, 10)."""


class ModelError(Exception):
    """The model folder cannot be served; the message says what is wrong with it and what to do."""


def load(model_dir: Path) -> Engine:
    """The engine for what `model_dir` (AZUREML_MODEL_DIR) holds. Raises ModelError."""
    folder = model_dir / MODEL_FOLDER if (model_dir / MODEL_FOLDER).is_dir() else model_dir
    if (folder / "saved_model.pb").is_file():
        light = folder / LITERT_FILE
        if light.is_file() and find_spec("ai_edge_litert"):
            return LiteRT(_verified(light, folder))
        return TensorFlow(folder)
    if found := sorted(folder.glob("*.keras")):
        return TensorFlow(found[0])
    raise ModelError(
        f"{folder} holds neither saved_model.pb nor a .keras file; register the folder {MODEL_FOLDER} of train.py"
    )


def fingerprint(saved_model: Path) -> str:
    """A SHA-256 over the graph and the weights of a SavedModel folder; the exporter writes it into the LiteRT file."""
    digest = hashlib.sha256()
    for path in [saved_model / "saved_model.pb", *sorted((saved_model / "variables").glob("variables.data-*"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint_mark(saved_model: Path) -> bytes:
    """The bytes that a LiteRT file made from exactly this SavedModel contains."""
    return b"saved_model sha256:" + fingerprint(saved_model).encode()


def _verified(light: Path, saved_model: Path) -> bytes:
    content = light.read_bytes()
    if fingerprint_mark(saved_model) not in content:
        raise ModelError(
            f"{light} was not made from the SavedModel beside it: export both again, or delete {LITERT_FILE} to serve "
            "the SavedModel with TensorFlow"
        )
    return content


class LiteRT:
    """One interpreter, one picture at a time: its input has the constant shape (1, 28, 28, 1).

    Interpreters are not thread-safe (several threads on one give wrong labels), so calls take turns.
    """

    name = "litert"

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.tensor(self._interpreter.get_input_details()[0]["index"])
        self._output = self._interpreter.tensor(self._interpreter.get_output_details()[0]["index"])
        self._lock = Lock()

    def probabilities(self, pictures: Floats) -> Floats:
        answers = np.empty((len(pictures), CLASSES), np.float32)
        with self._lock:
            for picture, answer in zip(pictures, answers, strict=True):
                self._input()[0, :, :, 0] = picture
                self._interpreter.invoke()
                answer[:] = self._output()[0]
        return answers


class TensorFlow:
    """A SavedModel folder or a .keras file behind a function of constant shape: 50 times as fast as `predict`.

    The signature is called by keyword: positionally it costs six times as much. The keyword differs between exporters.
    """

    name = "tensorflow"

    def __init__(self, model: Path) -> None:
        import tensorflow as tf

        loaded = tf.keras.models.load_model(model) if model.suffix == ".keras" else tf.saved_model.load(str(model))
        self._owner = loaded  # the variables live as long as what loaded them
        self._call = one_picture_call(tf, loaded if model.suffix == ".keras" else signature_call(loaded))
        self._constant = tf.constant

    def probabilities(self, pictures: Floats) -> Floats:
        answers = [self._call(self._constant(picture[None, :, :, None])).numpy() for picture in pictures]
        return np.concatenate(answers) if answers else np.empty((0, CLASSES), np.float32)


def signature_call(loaded: Any) -> Callable[[Any], Any]:
    """The serving signature of a loaded SavedModel as a function of one argument."""
    signature = loaded.signatures["serving_default"]
    [keyword] = signature.structured_input_signature[1]

    def call(pictures: Any) -> Any:
        [answer] = signature(**{keyword: pictures}).values()
        return answer

    return call


def one_picture_call(tf: Any, call: Callable[[Any], Any]) -> Any:
    """`call` as a concrete function of one picture; a constant shape leaves no shape arithmetic and no tracing."""
    return tf.function(call).get_concrete_function(tf.TensorSpec((1, 28, 28, 1), tf.float32))
