"""ONNX models: the inputs of the graph, out of the few fields of the format that say so.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deployer.authoring.model_files.keras_file import zeros

GRAPH, INITIALIZER, INPUT = 7, 5, 11
NAME, TYPE, TENSOR, SHAPE, DIM, SIZE = 1, 2, 1, 2, 1, 1
TENSOR_NAME = 8


def read_onnx(content: bytes) -> tuple[str, Mapping[str, Any] | None]:
    """No version, which the format leaves open, and a request with zeros for each input. Raises ValueError."""
    graph = next((value for number, value in _fields(content) if number == GRAPH and isinstance(value, bytes)), None)
    if graph is None:
        raise ValueError("it holds no graph")
    parts = list(_fields(graph))
    weights = {_text(part, TENSOR_NAME) for number, part in parts if number == INITIALIZER}
    inputs = [part for number, part in parts if number == INPUT and _text(part, NAME) not in weights]
    return "", {_text(part, NAME): zeros(_shape(part)) for part in inputs} or None


def _shape(value_info: Any) -> list[int | None]:
    """The sizes of an input; None for one that is open."""
    shape = _message(_message(_message(value_info, TYPE), TENSOR), SHAPE)
    sizes = [dict(_fields(part)).get(SIZE) for number, part in _fields(shape) if number == DIM]
    return [size if isinstance(size, int) and size > 0 else None for size in sizes]


def _message(part: Any, wanted: int) -> bytes:
    return next((value for number, value in _fields(part) if number == wanted and isinstance(value, bytes)), b"")


def _text(part: Any, wanted: int) -> str:
    return _message(part, wanted).decode(errors="replace")


def _fields(message: Any) -> Iterator[tuple[int, Any]]:
    """The fields of a protocol buffer: numbers and bytes (https://protobuf.dev/programming-guides/encoding)."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        match kind:
            case 0:
                value, place = _varint(message, place)
                yield number, value
            case 2:
                size, place = _varint(message, place)
                if place + size > len(message):
                    raise ValueError("it ends too early")
                yield number, message[place : place + size]
                place += size
            case 1 | 5:
                place += 8 if kind == 1 else 4
            case _:
                raise ValueError("it is no protocol buffer")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message) and shift < 70:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place
    raise ValueError("it ends too early")
