"""What asks the model: LiteRT when the exporter left its file beside the SavedModel, else TensorFlow.

LiteRT answers an image in some ten microseconds and needs 250 MB installed; TensorFlow needs 2.4 GB and is imported
only here, only when it is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PICTURE = (28, 28, 1)
BATCH = 8
MODEL_FOLDER = "INPUT_model"
LITERT_FILE = "model.tflite"


class Engine(Protocol):
    """A loaded model."""

    name: str

    def answers(self, pictures: Floats) -> Floats:
        """(n, 28, 28) from 0, paper, to 1, ink, becomes (n, 11); n is not 0.

        A row holds ten probabilities that add up to 1, and how sure the model is that this digit is there: 0.5 and more
        is confident. A model of ten outputs has no opinion on the latter: (n, 10).
        """


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
    """Two interpreters of constant shape, for one picture and for `BATCH` of them: a batch is a fifth faster a picture.

    Larger batches gain another three percent and take a megabyte. Interpreters are not thread-safe (several threads on
    one give wrong labels), so calls take turns. The second one is made when the first batch comes: whoever sends single
    pictures does not pay its memory.
    """

    name = "litert"

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._one = _Interpreter(content, 1)
        self._lock = Lock()

    @cached_property
    def _batch(self) -> _Interpreter:
        return _Interpreter(self._content, BATCH)

    def answers(self, pictures: Floats) -> Floats:
        whole = len(pictures) - len(pictures) % BATCH
        with self._lock:
            parts = [self._batch.ask(pictures[at : at + BATCH]) for at in range(0, whole, BATCH)]
            parts += [self._one.ask(pictures[at : at + 1]) for at in range(whole, len(pictures))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class _Interpreter:
    """A LiteRT interpreter for exactly `size` pictures."""

    def __init__(self, content: bytes, size: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, (size, *PICTURE))
        self._interpreter.allocate_tensors()

    def ask(self, pictures: Floats) -> Floats:
        self._interpreter.set_tensor(self._input, pictures[..., None])
        self._interpreter.invoke()
        answers: Floats = self._interpreter.get_tensor(self._output)
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
        call = loaded if model.suffix == ".keras" else signature_call(loaded)
        self._call = tf.function(call).get_concrete_function(tf.TensorSpec((1, *PICTURE), tf.float32))
        self._constant = tf.constant

    def answers(self, pictures: Floats) -> Floats:
        return np.concatenate([self._call(self._constant(picture[None, :, :, None])).numpy() for picture in pictures])


def signature_call(loaded: Any) -> Callable[[Any], Any]:
    """The serving signature of a loaded SavedModel as a function of one argument."""
    signature = loaded.signatures["serving_default"]
    [keyword] = signature.structured_input_signature[1]

    def call(pictures: Any) -> Any:
        [answer] = signature(**{keyword: pictures}).values()
        return answer

    return call
