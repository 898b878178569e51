"""Request bodies that nobody would send on purpose, the same ones for the same seed."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from tests.scoring.bodies import huge_png, in_alpha_only, saved, sixteen_bit

DATA = Path(__file__).resolve().parents[2] / "data"
SEVEN = (DATA / "seven.png").read_bytes()

Mutation = Callable[[random.Random, bytes], bytes]


def fuzzed(seed: int, count: int) -> Iterator[bytes]:
    """`count` bodies: damaged images in good JSON, good images in damaged JSON, wrong shapes, and noise."""
    rng = random.Random(seed)
    files = _files()
    makers = (_damaged_image, _damaged_image, _damaged_image, _damaged_body, _wrong_shape, _noise)
    for _ in range(count):
        yield rng.choice(makers)(rng, files)


def _files() -> list[bytes]:
    """Small good files of every format and of the kinds with code of their own."""
    image = Image.open(DATA / "seven.png").convert("L").resize((40, 40))
    frame = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        SEVEN,
        *(saved(image, kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP")),
        saved(image.convert("RGB"), "JPEG", progressive=True, exif=exif),
        saved(image.convert("CMYK"), "JPEG"),
        saved(image.convert("P"), "PNG", transparency=3),
        saved(image, "GIF", save_all=True, append_images=[frame]),
        in_alpha_only(SEVEN, (0, 0, 0)),
        sixteen_bit(SEVEN),
        huge_png(5000, 5000),
    ]


def _damaged_image(rng: random.Random, files: list[bytes]) -> bytes:
    file = rng.choice(files)
    for _ in range(rng.randint(0, 3)):
        file = rng.choice(MUTATIONS)(rng, file)
    return json.dumps({"data": b64encode(file).decode()}).encode()


def _damaged_body(rng: random.Random, files: list[bytes]) -> bytes:
    texts = [b64encode(rng.choice(files)).decode() for _ in range(rng.randint(1, 3))]
    return rng.choice(MUTATIONS)(rng, json.dumps({"data": texts if rng.random() < 0.5 else texts[0]}).encode())


def _wrong_shape(rng: random.Random, files: list[bytes]) -> bytes:
    good = b64encode(rng.choice(files)).decode()
    leaves: tuple[object, ...] = (
        None,
        True,
        0,
        -1.5,
        10**30,
        float("nan"),
        "",
        "=",
        "AAAA",
        "\x00",
        "\ud800",
        "data:,",
        good,
        [],
        {},
    )
    document: object = rng.choice(leaves)
    for _ in range(rng.randint(0, 4)):
        key = rng.choice(("data", "data", "data", "probabilities", "", "ä"))
        document = rng.choice(({key: document}, [document], [good, document], {"data": good, key: document}))
    return json.dumps(document).encode()


def _noise(rng: random.Random, files: list[bytes]) -> bytes:
    start = rng.choice((b"", b"{", b'{"data": "', files[0][:8], b"\xff\xd8\xff", b"RIFF", b"BM", b"GIF89a"))
    return start + rng.randbytes(rng.randint(0, 300))


def _flip(rng: random.Random, file: bytes) -> bytes:
    damaged = bytearray(file)
    for _ in range(min(len(file), rng.randint(1, 8))):
        damaged[rng.randrange(len(file))] = rng.randrange(256)
    return bytes(damaged)


def _cut(rng: random.Random, file: bytes) -> bytes:
    return file[: rng.randrange(len(file) + 1)]


def _drop(rng: random.Random, file: bytes) -> bytes:
    at = rng.randrange(len(file) + 1)
    return file[:at] + file[at + rng.randint(1, 20) :]


def _insert(rng: random.Random, file: bytes) -> bytes:
    at = rng.randrange(len(file) + 1)
    return file[:at] + rng.choice((rng.randbytes(4), b"\xff" * 4, b"\x00" * 4, file[:50], b'"', b"=")) + file[at:]


def _in_header(rng: random.Random, file: bytes) -> bytes:
    """One of the first 64 bytes set to an extreme: sizes, depths and counts stand there."""
    at = rng.randrange(max(1, min(64, len(file))))
    return file[:at] + rng.choice((b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff")) + file[at + 1 :]


MUTATIONS: tuple[Mutation, ...] = (_flip, _cut, _drop, _insert, _in_header, _in_header)
