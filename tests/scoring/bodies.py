"""Request bodies, and image files made for the tests."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def body(*files: bytes, as_list: bool = False, probabilities: bool | None = None) -> bytes:
    """A request about image files: one alone unless `as_list`."""
    texts = [b64encode(file).decode() for file in files]
    document: dict[str, object] = {"data": texts if as_list else texts[0]}
    if probabilities is not None:
        document["probabilities"] = probabilities
    return json.dumps(document).encode()


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """`image` as a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A valid PNG of one black tone that is small as a file, however many pixels it has."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def in_alpha_only(png: bytes, colour: tuple[int, int, int]) -> bytes:
    """The picture of `png` as the opacity of one colour."""
    shape = Image.open(BytesIO(png)).convert("L")
    image = Image.new("RGBA", shape.size, colour)
    image.putalpha(shape)
    return saved(image)


def sixteen_bit(png: bytes) -> bytes:
    """The picture of `png` with 16 bits a pixel."""
    grey = np.asarray(Image.open(BytesIO(png)).convert("L"), np.uint16)
    return saved(Image.fromarray(grey * 257))


def turned_with_exif(png: bytes, orientation: int, undo: Image.Transpose) -> bytes:
    """The picture of `png` stored turned, with the EXIF orientation that says so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(Image.open(BytesIO(png)).convert("L").transpose(undo), exif=exif)
