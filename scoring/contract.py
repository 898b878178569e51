"""The body of a request -> the answer.

`{"data": "<base64 image>"}` is answered with the digit, `{"data": ["<base64 image>", ...]}` with a list of digits. With
`"probabilities": true` each digit becomes an object: `{"digit": 7, "probabilities": [...], "confident": true}`, where
ten probabilities add up to 1. It is not confident where the picture shows no digit, or one that could be another.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pybase64

from .engines import Engine
from .images import MAX_PIXELS, is_image, opened, picture
from .ink import Floats
from .refusal import ScoringRefused

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_IMAGES = 64
CLASSES = 10
CONFIDENT = 0.5
"""From here on the model's eleventh output means that it is sure (`engines.Engine`)."""
MAX_QUOTED = 150
"""Characters of a message that may stem from the request."""
SHAPE = '{"data": "<base64 image>"}, or a list of them in "data"'

Digit = int | dict[str, Any]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request in the service's terms: one image as base64, or a list of them."""

    data: str | list[str]
    probabilities: bool = False

    @property
    def is_list(self) -> bool:
        """Whether the answer is a list too."""
        return isinstance(self.data, list)

    @property
    def texts(self) -> list[str]:
        """Every image."""
        return [self.data] if isinstance(self.data, str) else self.data

    def name(self, place: int) -> str:
        """What a message calls the image at `place`."""
        return f'"data"[{place}]' if self.is_list else '"data"'


_decoder = msgspec.json.Decoder(Query)


def answer(body: bytes, engine: Engine) -> Digit | list[Digit]:
    """What `body` is answered with, ready for JSON. Raises ScoringRefused."""
    return read(parse(body), engine)


def parse(body: bytes) -> Query:
    """What `body` asks; stops at the first value that a Query has no place for. Raises ScoringRefused."""
    if len(body) > MAX_BODY_BYTES:
        raise too_large(len(body))
    if is_image(body):
        raise ScoringRefused(415, "bare_image", f"the body is the image itself; send {SHAPE}")
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ScoringRefused(400, "wrong_shape", f"{str(error)[:MAX_QUOTED]}; send {SHAPE}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScoringRefused(400, "not_json", f"the body is not JSON in UTF-8; send {SHAPE}") from error


def too_large(size: int) -> ScoringRefused:
    """The refusal of a body of `size` bytes."""
    return ScoringRefused(413, "body_too_large", f"the body has {size:,} bytes; at most {MAX_BODY_BYTES:,} are taken")


def read(query: Query, engine: Engine) -> Digit | list[Digit]:
    """The digits in the images of `query`, ready for JSON. Raises ScoringRefused."""
    if len(query.texts) > MAX_IMAGES:
        problem = f'"data" holds {len(query.texts)} images; at most {MAX_IMAGES} are taken'
        raise ScoringRefused(413, "too_many_images", problem)
    if not query.texts:
        return []
    digits = _digits(engine.answers(_pictures(query)), query.probabilities)
    return digits if query.is_list else digits[0]


def _pictures(query: Query) -> Floats:
    """Every image of `query`, decoded: (n, 28, 28). All of them together may have MAX_PIXELS."""
    pictures: list[Floats] = []
    pixels = MAX_PIXELS
    for place, text in enumerate(query.texts):
        try:
            image = opened(_decoded(text), pixels)
            pixels -= image.width * image.height
            pictures.append(picture(image))
        except ScoringRefused as refusal:
            raise ScoringRefused(refusal.status, refusal.code, f"{query.name(place)}: {refusal.message}") from refusal
    return np.array(pictures)


def _decoded(text: str) -> bytes:
    if text.startswith("data:"):
        raise ScoringRefused(400, "data_url", "this is a data URL; send only what follows its comma")
    if not text:
        raise ScoringRefused(400, "empty_image", "there is nothing in it")
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise ScoringRefused(
            400, "bad_base64", "this is not base64; send A-Z a-z 0-9 + / with padding, in one line"
        ) from error


def _digits(answers: Floats, wants_probabilities: bool) -> list[Digit]:
    labels: list[Digit] = answers[:, :CLASSES].argmax(axis=1).tolist()
    if not wants_probabilities:
        return labels
    rows = answers.astype(np.float64).round(7).tolist()
    return [_told(label, row) for label, row in zip(labels, rows, strict=True)]


def _told(label: Digit, row: list[float]) -> dict[str, Any]:
    told = {"digit": label, "probabilities": row[:CLASSES]}
    return told if len(row) == CLASSES else {**told, "confident": row[CLASSES] >= CONFIDENT}
