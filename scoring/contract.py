"""The body of a request -> the answer.

`{"data": "<base64 image>"}` is answered with the digit, `{"data": ["<base64 image>", ...]}` with a list of digits. With
`"probabilities": true` each digit becomes `{"digit": 7, "probabilities": [ten numbers that add up to 1]}`.
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from .engines import Engine
from .images import MAX_PIXELS, SIDE, Floats, is_image, opened, picture
from .refusal import Refused

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_IMAGES = 64
SHAPE = '{"data": "<base64 image>"}, or a list of them in "data"'

Digit = int | dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request in the service's terms."""

    images: tuple[bytes, ...]
    is_list: bool
    wants_probabilities: bool


def answer(body: bytes, engine: Engine) -> Digit | list[Digit]:
    """What `body` is answered with, ready for JSON. Raises Refused."""
    query = parse(body)
    if not query.images:
        return []
    probabilities = engine.probabilities(_pictures(query))
    digits = _digits(probabilities, query.wants_probabilities)
    return digits if query.is_list else digits[0]


def parse(body: bytes) -> Query:
    """The images `body` asks about. Raises Refused."""
    document = _document(body)
    data, wants = document.get("data"), document.get("probabilities", False)
    if unknown := sorted(document.keys() - {"data", "probabilities"}):
        raise Refused(400, "unknown_field", f"the body has the unknown field {unknown[0][:40]!r}; send {SHAPE}")
    if not isinstance(wants, bool):
        raise Refused(400, "bad_field", '"probabilities" is true or false')
    texts = data if isinstance(data, list) else [data]
    if len(texts) > MAX_IMAGES:
        raise Refused(413, "too_many_images", f'"data" holds {len(texts)} images; at most {MAX_IMAGES} are taken')
    images = tuple(_decoded(text, _named(place, isinstance(data, list))) for place, text in enumerate(texts))
    return Query(images=images, is_list=isinstance(data, list), wants_probabilities=wants)


def _document(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY_BYTES:
        raise too_large(len(body))
    if is_image(body):
        raise Refused(415, "bare_image", f"the body is the image itself; send {SHAPE}")
    if body.count(b"[") + body.count(b"{") > MAX_IMAGES:  # base64 has neither, and a million lists take 80 MB
        raise Refused(400, "too_many_lists", f"the body holds too many lists and objects; send {SHAPE}")
    try:
        document = json.loads(body.decode())
    except ValueError as error:
        raise Refused(400, "not_json", f"the body is not JSON in UTF-8; send {SHAPE}") from error
    if not isinstance(document, dict) or "data" not in document:
        raise Refused(400, "no_data", f'the body has no field "data"; send {SHAPE}')
    return document


def too_large(size: int) -> Refused:
    """The refusal of a body of `size` bytes."""
    return Refused(413, "body_too_large", f"the body has {size:,} bytes; at most {MAX_BODY_BYTES:,} are taken")


def _named(place: int, is_list: bool) -> str:
    return f'"data"[{place}]' if is_list else '"data"'


def _decoded(text: Any, name: str) -> bytes:
    if not isinstance(text, str):
        raise Refused(400, "bad_field", f"{name} is not text; send {SHAPE}")
    if text.startswith("data:"):
        raise Refused(400, "data_url", f"{name} is a data URL; send only what follows its comma")
    try:
        content = a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise Refused(400, "bad_base64", f"{name} is not base64 (no line breaks, padding kept): {error}") from error
    if len(text) != (len(content) + 2) // 3 * 4:  # strict_mode of Python 3.11 lets "=" follow a whole group
        raise Refused(400, "bad_base64", f"{name} is not base64: it has too much padding")
    if not content:
        raise Refused(400, "empty_image", f"{name} is empty")
    return content


def _pictures(query: Query) -> Floats:
    """Every image of `query`, decoded: (n, 28, 28). All of them together may have MAX_PIXELS."""
    pictures = np.empty((len(query.images), SIDE, SIDE), np.float32)
    pixels = MAX_PIXELS
    for place, content in enumerate(query.images):
        try:
            image = opened(content, pixels)
            pixels -= image.width * image.height
            pictures[place] = picture(image)
        except Refused as refusal:
            name = _named(place, query.is_list)
            raise Refused(refusal.status, refusal.code, f"{name}: {refusal.message}") from refusal
    return pictures


def _digits(probabilities: Floats, wants_probabilities: bool) -> list[Digit]:
    labels: list[Digit] = probabilities.argmax(axis=1).tolist()
    if not wants_probabilities:
        return labels
    rows = probabilities.astype(np.float64).round(7).tolist()
    return [{"digit": label, "probabilities": row} for label, row in zip(labels, rows, strict=True)]
