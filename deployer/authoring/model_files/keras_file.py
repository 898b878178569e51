"""Keras models in `.keras` archives, which say what they are in JSON (https://keras.io/guides/serialization_and_saving)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

SHAPES = ("batch_shape", "batch_input_shape")
MOST = 100_000
"""Numbers of a request that is still good to read."""


def read_keras(content: bytes) -> tuple[str, Mapping[str, Any] | None]:
    """The version of Keras, and a request with one input of zeros. Raises ValueError for a file that is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            about, config = (json.loads(archive.read(name)) for name in ("metadata.json", "config.json"))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError("it is no archive of Keras 3") from error
    shape = next(_shapes(config), None)
    request = {"data": [zeros(shape[1:])]} if shape else None
    return str(about.get("keras_version", "")), request


def _shapes(config: Any) -> Iterator[list[int | None]]:
    """The shapes of inputs in the configuration of a model; the first is that of the batch."""
    match config:
        case Mapping():
            for name in SHAPES:
                if isinstance(config.get(name), list) and len(config[name]) > 1:
                    yield config[name]
            for value in config.values():
                yield from _shapes(value)
        case list():
            for value in config:
                yield from _shapes(value)
        case _:
            return


def zeros(shape: list[int | None]) -> Any:
    """Nested lists of zeros; a dimension of any size has one. Raises ValueError for more numbers than one reads."""
    total = 1
    for size in shape:
        total *= size or 1
    if total > MOST:
        raise ValueError(f"its input has {total:,} numbers")
    value: Any = 0.0
    for size in reversed(shape):
        value = [value] * (size or 1)
    return value
